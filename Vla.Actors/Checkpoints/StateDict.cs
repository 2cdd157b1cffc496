using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Checkpoints;

/// <summary>Puts a checkpoint's tensors into a module, when they fit.</summary>
internal static class StateDict
{
    /// <summary>Loads every parameter and buffer of a module.</summary>
    /// <param name="module">On any device; its tensors keep their device, type and memory layout.</param>
    /// <param name="checkpoint">Read for the tensors below the prefix only.</param>
    /// <param name="prefix">What comes before the module's own names in the file: <c>vision_encoder.</c>, or
    /// nothing.</param>
    /// <exception cref="CheckpointException">They do not fit; the message names what is missing, unexpected and
    /// misshapen, or which are not finite.</exception>
    public static void Load(Module module, Checkpoint checkpoint, string prefix = "")
    {
        var wanted = module.state_dict();
        Compare(
            module.GetName(),
            WithPrefix(wanted, prefix),
            checkpoint,
            name => name.StartsWith(prefix, StringComparison.Ordinal) && !Ignored(module, prefix, name)
        );
        using var guard = no_grad();
        foreach (var (name, tensor) in wanted)
        {
            using var stored = checkpoint.ReadTensor(prefix + name);
            FiniteWeights.Check(checkpoint.Path, prefix + name, stored);
            tensor.copy_(stored);
            FiniteWeights.CheckConverted(checkpoint.Path, prefix + name, tensor);
        }
    }

    /// <summary>
    /// Compares names, shapes and types of a whole checkpoint with several modules', and looks whether the weights are
    /// finite.
    /// </summary>
    /// <param name="modules">With the prefix of each.</param>
    /// <param name="checkpoint">Every tensor must have its place, but for the ignored ones.</param>
    /// <param name="ignoredPrefixes">Names that begin so are nobody's concern.</param>
    /// <exception cref="CheckpointException">They do not fit; the message names what is missing, unexpected and
    /// misshapen, or which are not finite.</exception>
    public static void Check(
        IEnumerable<(Module Module, string Prefix)> modules,
        Checkpoint checkpoint,
        IEnumerable<string> ignoredPrefixes
    )
    {
        var ignored = ignoredPrefixes.ToList();
        var checkedModules = modules.ToList();
        var wanted = checkedModules.SelectMany(entry => WithPrefix(entry.Module.state_dict(), entry.Prefix)).ToList();
        Compare(
            "the policy's stages",
            wanted,
            checkpoint,
            name =>
                !ignored.Exists(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
                && !checkedModules.Exists(entry => Ignored(entry.Module, entry.Prefix, name))
        );
        foreach (var (name, _) in wanted)
        {
            if (!checkpoint.Tensors[name].Type.IsFloatingPoint())
                continue;
            using var stored = checkpoint.ReadTensor(name);
            FiniteWeights.Check(checkpoint.Path, name, stored);
        }
    }

    // By the module itself, or by one inside it.
    private static bool Ignored(Module module, string prefix, string name)
    {
        return By(module, prefix) || module.named_modules().Any(entry => By(entry.module, $"{prefix}{entry.name}."));

        bool By(Module candidate, string path) =>
            candidate is IIgnoresWeights ignores
            && name.StartsWith(path, StringComparison.Ordinal)
            && ignores.Ignores(name[path.Length..]);
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> WithPrefix(
        Dictionary<string, Tensor> tensors,
        string prefix
    ) => tensors.Select(pair => KeyValuePair.Create(prefix + pair.Key, pair.Value));

    private static void Compare(
        string whose,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        Checkpoint checkpoint,
        Func<string, bool> concerns
    )
    {
        var wanted = tensors.ToDictionary();
        var problems = new List<string>();
        Add(
            "missing",
            wanted
                .Keys.Where(name => !checkpoint.Tensors.ContainsKey(name))
                .Select(name =>
                    checkpoint.Unreadable.TryGetValue(name, out var what)
                        ? $"{name} (a {what}, which is not read)"
                        : name
                )
        );
        Add("unexpected", checkpoint.Tensors.Keys.Where(name => concerns(name) && !wanted.ContainsKey(name)));
        Add(
            "misshapen",
            wanted
                .Where(pair => checkpoint.Tensors.TryGetValue(pair.Key, out var stored) && !Fits(stored, pair.Value))
                .Select(pair => Describe(checkpoint.Tensors[pair.Key], pair.Value))
        );
        if (problems.Count > 0)
            throw new CheckpointException($"{checkpoint.Path}: does not fit {whose}: {string.Join("; ", problems)}");

        void Add(string kind, IEnumerable<string> names)
        {
            var list = names.ToList();
            if (list.Count > 0)
                problems.Add($"{list.Count} {kind}: {ErrorText.List(list)}");
        }
    }

    private static bool Fits(CheckpointTensor stored, Tensor wanted) =>
        stored.Shape.SequenceEqual(wanted.shape) && SameKind(stored.Type, wanted);

    private static bool SameKind(CheckpointType stored, Tensor wanted) =>
        CheckpointTypes.FromTorch(wanted.dtype) is { } type
        && (stored == type || (stored.IsFloatingPoint() && type.IsFloatingPoint()));

    private static string Describe(CheckpointTensor stored, Tensor wanted)
    {
        var (has, expected) = SameKind(stored.Type, wanted) ? ("", "") : ($" {stored.Type}", $" {wanted.dtype}");
        return $"{stored.Name} is {stored.ShapeText}{has}, expected {CheckpointShape.Text(wanted.shape)}{expected}";
    }
}
