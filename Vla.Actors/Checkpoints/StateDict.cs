using Vla.Actors.Policies;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Checkpoints;

/// <summary>Puts a checkpoint's tensors into a module, when they fit.</summary>
public static class StateDict
{
    /// <summary>Loads every parameter and buffer of a module.</summary>
    /// <param name="module">On any device; its tensors keep their device, type and memory layout.</param>
    /// <param name="checkpoint">Read for the tensors below the prefix only.</param>
    /// <param name="prefix">What comes before the module's own names in the file: <c>vision_encoder.</c>, or nothing.</param>
    /// <exception cref="PolicyException">They do not fit; the message names what is missing, unexpected and misshapen.</exception>
    public static void Load(Module module, Checkpoint checkpoint, string prefix = "")
    {
        Check(module, checkpoint, prefix);
        using var guard = no_grad();
        foreach (var (name, tensor) in module.state_dict())
        {
            using var stored = checkpoint.ReadTensor(prefix + name);
            tensor.copy_(stored);
        }
    }

    /// <summary>Compares names, shapes and types without reading any weights.</summary>
    /// <inheritdoc cref="Load"/>
    public static void Check(Module module, Checkpoint checkpoint, string prefix = "")
    {
        var wanted = module.state_dict().ToDictionary(pair => prefix + pair.Key, pair => pair.Value);
        var problems = new List<string>();
        Add("missing", wanted.Keys.Where(name => !checkpoint.Tensors.ContainsKey(name)));
        Add("unexpected", checkpoint.Tensors.Keys.Where(name =>
            name.StartsWith(prefix, StringComparison.Ordinal) && !wanted.ContainsKey(name)));
        Add("misshapen", wanted
            .Where(pair => checkpoint.Tensors.TryGetValue(pair.Key, out var stored) && !Fits(stored, pair.Value))
            .Select(pair => Describe(checkpoint.Tensors[pair.Key], pair.Value)));
        if (problems.Count > 0)
            throw new PolicyException($"{checkpoint.Path}: does not fit {module.GetName()}: {string.Join("; ", problems)}");

        void Add(string kind, IEnumerable<string> names)
        {
            var list = names.ToList();
            if (list.Count > 0) problems.Add($"{list.Count} {kind}: {ErrorText.List(list)}");
        }
    }

    private static bool Fits(CheckpointTensor stored, Tensor wanted)
        => stored.Shape.SequenceEqual(wanted.shape) && SameKind(stored.Type, wanted);

    private static bool SameKind(CheckpointType stored, Tensor wanted)
        => CheckpointTypes.FromTorch(wanted.dtype) is { } type
            && (stored == type || (stored.IsFloatingPoint() && type.IsFloatingPoint()));

    private static string Describe(CheckpointTensor stored, Tensor wanted)
    {
        var type = SameKind(stored.Type, wanted) ? ("", "") : ($" {stored.Type}", $" {wanted.dtype}");
        return $"{stored.Name} is {stored.ShapeText}{type.Item1}, expected {CheckpointShape.Text(wanted.shape)}{type.Item2}";
    }
}
