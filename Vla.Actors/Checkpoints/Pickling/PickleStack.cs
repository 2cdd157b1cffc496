namespace Vla.Actors.Checkpoints.Pickling;

/// <summary>The values that a pickle works on: a stack with marks in it, and what it stored to recall.</summary>
/// <remarks>
/// An opcode of one byte can ask for a hundred bytes of memory, so the number of values is bounded. Values hold each
/// other, also in circles: whoever follows them counts how deep.
/// </remarks>
internal sealed class PickleStack(PickleErrors errors)
{
    /// <summary>A tensor takes about 25; the largest models have some ten thousand tensors.</summary>
    private const int MaximumValues = 2_000_000;

    private readonly List<object?> _values = [];

    /// <summary>Heights at each open mark: the values above belong together.</summary>
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<long, object?> _stored = [];
    private int _made;

    /// <summary>How many values were stored.</summary>
    public int Stored => _stored.Count;

    /// <summary>Values below this belong to a group that is still open.</summary>
    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    public void Push(object? value)
    {
        Count();
        _values.Add(value);
    }

    /// <summary>Opens a group.</summary>
    public void Mark()
    {
        Count();
        _marks.Push(_values.Count);
    }

    public object? Peek() => _values.Count > Floor ? _values[^1] : throw Missing();

    public object? Pop() => Pop(1)[0];

    /// <summary>The topmost values, the lowest of them first.</summary>
    public object?[] Pop(int count)
    {
        var first = _values.Count - count;
        if (first < Floor)
            throw Missing();
        var values = _values.GetRange(first, count).ToArray();
        _values.RemoveRange(first, count);
        return values;
    }

    /// <summary>Closes the group that was opened last, and gives it out.</summary>
    public object?[] PopToMark()
    {
        if (!_marks.TryPeek(out var mark))
            throw errors.Damaged("closes a group that it never opened");
        var values = Pop(_values.Count - mark);
        _marks.Pop();
        return values;
    }

    /// <summary>As Python has it: above an open mark there may be nothing to drop but the mark.</summary>
    public void Drop()
    {
        if (_values.Count == Floor && _marks.Count > 0)
            _marks.Pop();
        else
            Pop();
    }

    /// <summary>Stores what is on top.</summary>
    public void Store(long index)
    {
        Count();
        _stored[index] = Peek();
    }

    /// <summary>Pushes what was stored.</summary>
    public void Recall(long index) =>
        Push(
            _stored.TryGetValue(index, out var value)
                ? value
                : throw errors.Damaged($"recalls value {index}, which it never stored")
        );

    private void Count()
    {
        if (++_made > MaximumValues)
            throw errors.Refused(
                $"its pickle has more than {MaximumValues:N0} values; save the weights alone with "
                    + "torch.save(model.state_dict(), file)"
            );
    }

    private CheckpointException Missing() => errors.Damaged("takes a value where there is none");
}
