namespace Vla.Runtime.Servos;

/// <summary>What the servos of a chain are called, from the one that is nearest to the cable.</summary>
/// <param name="names">The name of servo 1, servo 2, ….</param>
internal sealed class ServoNames(IReadOnlyList<string> names)
{
    public static readonly ServoNames None = new([]);

    /// <summary>A servo for messages: <c>servo 3, elbow_flex</c>.</summary>
    public string Of(int id) => id >= 1 && id <= names.Count ? $"servo {id}, {names[id - 1]}" : $"servo {id}";

    /// <summary>Which servos do not answer, and where to look: a chain breaks at a cable.</summary>
    /// <param name="silent">Numbers of those that do not answer.</param>
    /// <param name="all">Numbers of all, in the order of the chain.</param>
    public string WhereToLook(IReadOnlyCollection<int> silent, IReadOnlyList<int> all)
    {
        if (silent.Count == all.Count)
            return "no servo answers: check the arm's power supply and the cable from the board to servo 1";
        var words = $"{string.Join(" and ", silent.Select(Of))} {(silent.Count == 1 ? "does" : "do")} not answer";
        // Beyond a broken cable nobody answers; a single servo in between is at fault itself.
        var first = all.First(silent.Contains);
        var before = all.TakeWhile(id => id != first).LastOrDefault();
        var breaksHere = all.SkipWhile(id => id != first).All(silent.Contains);
        return breaksHere && before > 0
            ? $"{words}: check the cable between {Of(before)} and {Of(first)}"
            : $"{words}: check the cables at {(silent.Count == 1 ? "it" : "them")} and that each number is there once";
    }
}
