using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Policies.LeRobot;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary><c>vla forward</c> for LeRobot's ACT: every step by name.</summary>
internal static class ActForward
{
    /// <summary>The paper's coefficient, for a checkpoint that sets none.</summary>
    private const double UsualCoefficient = 0.01;

    /// <summary>Sends raw observations through, and writes the steps of the first and the actions of all.</summary>
    /// <param name="asked">Its input: observations [count, …] by feature name: pictures [count, height, width, 3] of
    /// bytes, numbers [count, n].</param>
    public static void Run(ForwardRequest asked)
    {
        var (directory, device, input, output, console) = asked;
        using var scope = NewDisposeScope();
        using var policy = ActCheckpoint.Load(directory, device);
        using var file = Checkpoint.Open(input);
        var observations = file.Tensors.Keys.ToDictionary(name => name, file.ReadTensor);
        var count =
            observations.Count > 0 && observations.Values.All(tensor => tensor.dim() > 0)
                ? observations.Values.Min(tensor => tensor.shape[0])
                : 0;
        if (count == 0 || observations.Values.Any(tensor => tensor.shape[0] != count))
            throw new PolicyException($"{input}: its tensors must all have as many rows as there are observations");

        foreach (var (name, tensor) in observations)
            ForwardSteps.RequireFinite(file, name, tensor);

        var steps = new ForwardSteps(scope);
        var normalised = new List<Tensor>();
        for (long i = 0; i < count; i++)
        {
            var one = observations.ToDictionary(pair => pair.Key, pair => pair.Value.narrow(0, i, 1));
            normalised.Add(
                policy.Predict(one, i == 0 ? (name, tensor) => steps.Keep(name, AsLeRobotKeepsIt(name, tensor)) : null)
            );
        }

        var chunks = cat(normalised, 0).cpu();
        steps.Keep("chunk.normalized", chunks.narrow(0, 0, 1));
        steps.Keep("chunk", policy.Unnormalise(normalised[0]));
        steps.Keep("all_chunks.normalized", chunks);
        var config = policy.Config;
        Select("select_action.queue", config.ActionSteps, null);
        Select("select_action.ensemble", 1, config.EnsembleCoefficient ?? UsualCoefficient);
        steps.Write(output, console);

        void Select(string name, int actionSteps, double? coefficient)
        {
            var carriedOut = new StepwiseChunks(
                config.ChunkSize,
                config.Features.Action.Count,
                actionSteps,
                coefficient
            );
            var actions = new List<float>();
            for (long i = 0; i < count; i++)
                actions.AddRange(carriedOut.Next(chunks[i].contiguous().data<float>().ToArray()));
            var selected = tensor(actions.ToArray(), [count, config.Features.Action.Count]);
            steps.Keep($"{name}.normalized", selected);
            steps.Keep(name, policy.Unnormalise(selected.to(device)));
        }
    }

    // LeRobot's encoder and decoder layers are [tokens, batch, dim].
    private static Tensor AsLeRobotKeepsIt(string name, Tensor tensor)
    {
        var swapped =
            name.StartsWith("encoder.", StringComparison.Ordinal)
            || name.StartsWith("decoder.layer", StringComparison.Ordinal);
        return swapped ? tensor.transpose(0, 1) : tensor;
    }
}
