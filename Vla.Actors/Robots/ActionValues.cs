using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Vla.Actors.Robots;

/// <summary>The values of one published action: numbers that nobody can change.</summary>
/// <remarks>
/// All outputs, the page and the recording share them. Not an <c>ImmutableArray</c>: that compares by reference, so two
/// actions with the same values would not be equal.
/// </remarks>
[CollectionBuilder(typeof(ActionValues), nameof(Create))]
public sealed class ActionValues : IReadOnlyList<float>, IEquatable<ActionValues>
{
    private readonly float[] _values;

    private ActionValues(float[] values) => _values = values;

    /// <summary>How many there are.</summary>
    public int Length => _values.Length;

    int IReadOnlyCollection<float>.Count => _values.Length;

    /// <summary>One of them.</summary>
    public float this[int index] => _values[index];

    /// <summary>Copies the values.</summary>
    public static ActionValues Create(ReadOnlySpan<float> values) => new([.. values]);

    /// <param name="values">Handed over: the caller writes into it no more.</param>
    internal static ActionValues Of(float[] values) => new(values);

    /// <summary>All of them, to be read.</summary>
    public ReadOnlySpan<float> AsSpan() => _values;

    /// <summary>Copies all of them.</summary>
    public void CopyTo(Span<float> target) => _values.CopyTo(target);

    /// <inheritdoc/>
    public IEnumerator<float> GetEnumerator() => ((IEnumerable<float>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(' ', _values.Select(value => value.ToString(CultureInfo.InvariantCulture)));

    /// <inheritdoc/>
    public bool Equals(ActionValues? other) => other is not null && AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ActionValues);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var value in _values)
            hash.Add(value);
        return hash.ToHashCode();
    }
}
