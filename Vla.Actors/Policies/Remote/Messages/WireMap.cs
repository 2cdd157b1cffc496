using System.Diagnostics.CodeAnalysis;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>What a message says: a map, those within it with it, by their paths.</summary>
/// <remarks>
/// The names of an observation come flat or as maps in maps, with dots or with slashes: <c>observation.state</c>,
/// <c>observation/state</c> and <c>{"observation": {"state": …}}</c> are one and the same here.
/// </remarks>
internal sealed class WireMap
{
    private readonly Dictionary<string, WireItem> _items = new(StringComparer.Ordinal);

    /// <summary>All paths, as they were written, in the message's order.</summary>
    public List<string> Paths { get; } = [];

    /// <summary>What is at a path; null for nothing.</summary>
    public WireItem? Find(string path) => _items.GetValueOrDefault(Key(path));

    /// <summary>An array at a path.</summary>
    /// <exception cref="WireException">There is something else.</exception>
    public bool TryFindArray(string path, [NotNullWhen(true)] out NumpyArray? array)
    {
        array = Find(path) switch
        {
            null or WireItem.Nil => null,
            WireItem.Numbers numbers => numbers.Array,
            var other => throw new WireException($"{path} is {other.Describe()}, not an array of numbers"),
        };
        return array is not null;
    }

    /// <summary>A text at a path; null where there is nothing, or nothing is said.</summary>
    /// <exception cref="WireException">There is something else.</exception>
    public string? FindText(string path) =>
        Find(path) switch
        {
            null or WireItem.Nil => null,
            WireItem.Text text => text.Value,
            var other => throw new WireException($"{path} is {other.Describe()}, not a text"),
        };

    /// <summary>A number at a path; null for anything else.</summary>
    public double? FindNumber(string path) => Find(path) is WireItem.Number number ? number.Value : null;

    /// <summary>What lies below a path, as a map of its own.</summary>
    /// <param name="prefix">Ends with a slash.</param>
    public WireMap Below(string prefix)
    {
        var map = new WireMap();
        foreach (var path in Paths)
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal))
                map.Add(path[prefix.Length..], Find(path)!);
        }

        return map;
    }

    /// <summary>All paths in one line, for a message.</summary>
    public string Describe() => Paths.Count == 0 ? "nothing" : ErrorText.List(Paths);

    /// <exception cref="WireException">There is something already.</exception>
    public void Add(string path, WireItem item)
    {
        if (!_items.TryAdd(Key(path), item))
            throw new WireException($"{ErrorText.Bounded(path)} is there twice");
        Paths.Add(path);
    }

    private static string Key(string path) =>
        path.Contains('.', StringComparison.Ordinal) ? path.Replace('.', '/') : path;
}

/// <summary>One thing that a message says.</summary>
internal abstract record WireItem
{
    /// <summary>As it stands in a message.</summary>
    public abstract string Describe();

    /// <summary>An array, or a list of numbers.</summary>
    public sealed record Numbers(NumpyArray Array) : WireItem
    {
        public override string Describe() => $"an array {Array.Describe()}";
    }

    /// <summary>A picture as PNG or JPEG have it.</summary>
    /// <param name="File">Of the message.</param>
    public sealed record Picture(ReadOnlyMemory<byte> File) : WireItem
    {
        public override string Describe() => "a picture";
    }

    /// <summary>A text.</summary>
    public sealed record Text(string Value) : WireItem
    {
        public override string Describe() => "a text";
    }

    /// <summary>Several texts.</summary>
    public sealed record Texts(IReadOnlyList<string> Values) : WireItem
    {
        public override string Describe() => "a list of texts";
    }

    /// <summary>One number.</summary>
    public sealed record Number(double Value) : WireItem
    {
        public override string Describe() => "a number";
    }

    /// <summary>True or false.</summary>
    public sealed record Flag(bool Value) : WireItem
    {
        public override string Describe() => "true or false";
    }

    /// <summary>Python's <c>None</c>.</summary>
    public sealed record Nil : WireItem
    {
        public override string Describe() => "nothing (nil)";
    }

    /// <summary>Something that nobody here has a use for.</summary>
    public sealed record Other(string What) : WireItem
    {
        public override string Describe() => What;
    }
}
