using TorchSharp;
using Vla.Actors.Policies.LeRobot;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>Goes from chance to a chunk of actions, step by step, in the directions that the expert says.</summary>
internal sealed class SmolFlow(SmolExpert expert, SmolVlaConfig config)
{
    /// <param name="prefix">What was seen, said and felt.</param>
    /// <param name="noise">[batch, chunk, action size], where it begins.</param>
    /// <param name="seen">Is told every step's result by name; null when nobody looks.</param>
    /// <returns>[batch, chunk, dimensions], normalised.</returns>
    public Tensor Plain(SmolPrefix prefix, Tensor noise, Action<string, Tensor>? seen)
    {
        seen?.Invoke("noise", noise);
        var (times, directions, places, waves) = (
            new List<float>(),
            new List<Tensor>(),
            new List<Tensor>(),
            new List<Tensor>()
        );
        var steps = config.FlowSteps;
        using Scalar share = 1.0 / steps;
        var x = noise;
        for (var step = 0; step < steps; step++)
        {
            // As the original has it: a time of 32 bits.
            double time = (float)(1 - (double)step / steps);
            var direction = expert.Direction(
                x,
                time,
                prefix,
                seen is null || step > 0 ? null : (name, tensor) => seen($"step0.{name}", tensor)
            );
            if (seen is not null)
            {
                times.Add((float)time);
                directions.Add(direction);
                places.Add(x);
                waves.Add(expert.Time(time, noise.device).unsqueeze(0));
            }

            x = x - direction * share;
        }

        if (seen is not null)
        {
            seen("steps.time", tensor(times.ToArray()));
            seen("steps.v_t", cat(directions, 0));
            seen("steps.x_t", cat(places, 0));
            seen("time_embedding", cat(waves, 0));
            seen("actions_padded", x);
        }

        return x.narrow(2, 0, config.Features.Action.Count);
    }

    /// <summary>
    /// The same, each step turned towards what the robot does meanwhile: by the gradient of where it would end.
    /// </summary>
    /// <param name="prefix">What was seen, said and felt.</param>
    /// <param name="noise">[1, chunk, action size], where it begins.</param>
    /// <param name="guide">What it has to go on from.</param>
    /// <returns>[1, chunk, dimensions], normalised.</returns>
    public Tensor Guided(SmolPrefix prefix, Tensor noise, ChunkGuide guide)
    {
        using var scope = NewDisposeScope();
        using var outside = inference_mode(false);
        using var learning = enable_grad();
        var own = prefix.Cloned();
        var (wanted, weights) = guide.On(noise.shape[2], noise.device);
        using Scalar share = 1.0 / config.FlowSteps;
        var x = noise.clone();
        for (var step = 0; step < config.FlowSteps; step++)
        {
            using var ofStep = NewDisposeScope();
            double time = (float)(1 - (double)step / config.FlowSteps);
            using Scalar remaining = time,
                strength = guide.Strength(time);
            var from = x.detach().clone().requires_grad_();
            var direction = expert.Direction(from, time, own, seen: null);
            var end = from - direction * remaining;
            var off = ((wanted - end) * weights).detach();
            // Not autograd.grad: an exception of Torch's would end the process there. Nothing else has a gradient.
            (end * off)
                .sum()
                .backward();
            var correction = from.grad!;
            x = (from.detach() - (direction.detach() - correction * strength) * share).MoveToOuterDisposeScope();
        }

        return x.narrow(2, 0, config.Features.Action.Count).clone().MoveToOuterDisposeScope();
    }
}
