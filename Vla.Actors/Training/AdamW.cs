using TorchSharp;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Actors.Training;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2).</summary>
/// <remarks>
/// Not TorchSharp's own: that one cannot save its state where weights lie channels-last, and a training has to go on
/// where it was.
/// </remarks>
internal sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.98;
    private const double Epsilon = 1e-8;

    private readonly List<Slot> _slots;
    private readonly double _decay;

    /// <param name="parameters">By name; those that need no gradient are passed over.</param>
    /// <param name="decay">Weight decay.</param>
    public AdamW(IEnumerable<(string Name, Tensor Value)> parameters, double decay)
    {
        _decay = decay;
        using var guard = no_grad();
        _slots =
        [
            .. parameters
                .Where(parameter => parameter.Value.requires_grad)
                .Select(parameter => new Slot(
                    parameter.Name,
                    parameter.Value,
                    zeros_like(parameter.Value).DetachFromDisposeScope(),
                    zeros_like(parameter.Value).DetachFromDisposeScope()
                )),
        ];
    }

    /// <summary>Moves every parameter that has a gradient.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="rate">Learning rate.</param>
    public void Step(int step, double rate)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var (correction1, correction2) = (1 - Math.Pow(Beta1, step), 1 - Math.Pow(Beta2, step));
        // Named: see Scalars.
        using Scalar kept = 1 - rate * _decay,
            beta1 = Beta1,
            beta2 = Beta2,
            rest1 = 1 - Beta1,
            rest2 = 1 - Beta2;
        using Scalar unbiased = Math.Sqrt(correction2),
            epsilon = Epsilon,
            move = -rate / correction1;
        foreach (var slot in _slots)
        {
            if (slot.Parameter.grad is not { } gradient)
                continue;
            slot.Parameter.mul_(kept);
            slot.Mean.mul_(beta1).add_(gradient, rest1);
            slot.Square.mul_(beta2).addcmul_(gradient, gradient, rest2);
            var size = slot.Square.sqrt().div_(unbiased).add_(epsilon);
            slot.Parameter.addcdiv_(slot.Mean, size, move);
        }
    }

    /// <summary>Writes the moments.</summary>
    public void Store(string file) => SafetensorsWriter.Write(file, Moments().ToDictionary());

    /// <summary>Takes over the moments that <see cref="Store"/> wrote.</summary>
    /// <exception cref="Policies.PolicyException">The file is damaged or of another model.</exception>
    public void Restore(string file)
    {
        using var guard = no_grad();
        using var checkpoint = SafetensorsCheckpoint.Open(file);
        foreach (var (name, tensor) in Moments())
        {
            if (!checkpoint.Tensors.ContainsKey(name))
                throw new Policies.PolicyException($"{file}: has no {name}; begin the training anew");
            using var stored = checkpoint.ReadTensor(name);
            tensor.copy_(stored);
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.Mean.Dispose();
            slot.Square.Dispose();
        }
    }

    private IEnumerable<KeyValuePair<string, Tensor>> Moments() =>
        _slots.SelectMany(slot =>
            new[]
            {
                KeyValuePair.Create($"{slot.Name}.mean", slot.Mean),
                KeyValuePair.Create($"{slot.Name}.square", slot.Square),
            }
        );

    private sealed record Slot(string Name, Tensor Parameter, Tensor Mean, Tensor Square);
}
