namespace Vla.Actors.Checkpoints.Pickling;

/// <summary>Weights in what a training script saved.</summary>
/// <param name="Values">By name: <see cref="PickleTensor"/>s, and whatever else lies among them.</param>
/// <param name="Place">Where they were: <c>model</c>, <c>state_dict</c>; empty for the whole.</param>
internal sealed record FoundStateDict(IReadOnlyDictionary<string, object?> Values, string Place);

/// <summary>
/// Finds the weights in a training checkpoint, among epoch, optimizer and settings; also in a model that was saved
/// whole.
/// </summary>
internal static class StateDictFinder
{
    /// <summary>What training scripts call the weights, the likeliest first.</summary>
    private static readonly string[] Names =
    [
        "state_dict",
        "model_state_dict",
        "model",
        "module",
        "net",
        "network",
        "policy",
        "params",
        "weights",
        "model_state",
        "state",
    ];

    /// <summary>
    /// Tensors under these are a training's own, of the same names as the weights or of none that matter.
    /// </summary>
    private static readonly string[] Others =
    [
        "optim",
        "sched",
        "scaler",
        "loss",
        "metric",
        "rng",
        "callback",
        "loops",
        "hyper",
        "args",
        "config",
        "ema",
    ];

    /// <summary>Scripts wrap twice at most; values may hold each other in circles.</summary>
    private const int MaximumDepth = 4;

    private const int MaximumModuleDepth = 64;

    /// <param name="path">Named in errors.</param>
    /// <param name="root">The pickled value.</param>
    /// <exception cref="CheckpointException">There are no weights, or several and nothing tells which are
    /// meant.</exception>
    public static FoundStateDict Find(string path, object? root)
    {
        var found = new List<FoundStateDict>();
        Collect(root, "", 0, found, new HashSet<object>(ReferenceEqualityComparer.Instance));
        if (found.Count == 0)
        {
            throw new CheckpointException(
                $"{path}: does not hold weights that are read{Unreadable(root)}; "
                    + "save them with torch.save(model.state_dict(), file)"
            );
        }

        // Beside named weights lie single tensors that are none: a counter, the state of a random generator.
        var likely = found
            .Where(one => one.Values.Keys.Any(name => name.Contains('.', StringComparison.Ordinal)))
            .ToList();
        if (likely.Count == 0)
            likely = found;
        return likely is [var only]
            ? only
            : Names
                .Select(name => likely.FirstOrDefault(one => Last(one.Place) == name))
                .FirstOrDefault(one => one is not null)
                ?? likely.FirstOrDefault(one => one.Place.Length == 0)
                ?? throw new CheckpointException(
                    $"{path}: holds weights in {ErrorText.List([.. likely.Select(one => $"'{one.Place}'")])}; "
                        + "save those that are meant alone, with torch.save(model.state_dict(), file)"
                );
    }

    private static string Last(string place) => place[(place.LastIndexOf('.') + 1)..];

    private static void Collect(
        object? value,
        string place,
        int depth,
        List<FoundStateDict> found,
        HashSet<object> seen
    )
    {
        if (value is null || depth > MaximumDepth || !seen.Add(value))
            return;
        if (value is PickleObject { State: PickleDict { Items: var parts } } && parts.ContainsKey("_parameters"))
        {
            var weights = new Dictionary<string, object?>(StringComparer.Ordinal);
            CollectModule(parts, "", 0, weights, new HashSet<object>(ReferenceEqualityComparer.Instance));
            if (weights.Values.Any(IsTensor))
                found.Add(new FoundStateDict(weights, place));
            return;
        }

        if (Items(value) is not { } items)
            return;
        if (items.Values.Any(IsTensor))
            found.Add(new FoundStateDict(items, place));
        foreach (var (key, inner) in items)
        {
            if (Others.Any(other => key.Contains(other, StringComparison.OrdinalIgnoreCase)))
                continue;
            Collect(inner, place.Length == 0 ? key : $"{place}.{key}", depth + 1, found, seen);
        }
    }

    // A module that was saved whole: torch.nn.Module keeps its parts in these three dicts.
    private static void CollectModule(
        Dictionary<string, object?> parts,
        string prefix,
        int depth,
        Dictionary<string, object?> weights,
        HashSet<object> seen
    )
    {
        if (depth > MaximumModuleDepth || !seen.Add(parts))
            return;
        foreach (var dict in (string[])["_parameters", "_buffers"])
        {
            if (parts.GetValueOrDefault(dict) is not { } held || Items(held) is not { } items)
                continue;
            foreach (var (name, value) in items)
            {
                if (value is not null)
                    weights[prefix + name] = value;
            }
        }

        if (parts.GetValueOrDefault("_modules") is not { } inner || Items(inner) is not { } modules)
            return;
        foreach (var (name, module) in modules)
        {
            if (module is PickleObject { State: PickleDict { Items: var state } })
                CollectModule(state, $"{prefix}{name}.", depth + 1, weights, seen);
        }
    }

    private static Dictionary<string, object?>? Items(object value) =>
        value switch
        {
            PickleDict dict => dict.Items,
            PickleObject { Items: { } items } => items,
            _ => null,
        };

    private static bool IsTensor(object? value) => value is PickleTensor;

    private static string Unreadable(object? root) =>
        root is PickleDict { Items: var items }
        && items.FirstOrDefault(item => item.Value is PickleObject)
            is { Key: { } key, Value: PickleObject { Name: var name } }
            ? $" ('{ErrorText.Bounded(key)}' is a {name})"
        : root is PickleObject whole ? $" (it is a {whole.Name})"
        : "";
}
