using System.Globalization;
using Vla.Sensors.Text;

namespace Vla.Sensors.Datasets.Checks;

/// <summary>Passes findings on as they come; of many of one kind in one file, the first and how many more.</summary>
/// <param name="report">Is told each.</param>
internal sealed class FindingLog(Action<DatasetFinding> report)
{
    /// <summary>Of one kind in one file; the rest is counted.</summary>
    public const int MostOfAKind = 10;

    private readonly Dictionary<(string File, string Kind, bool IsFault), int> _counts = [];

    public long Faults { get; private set; }

    public long Notes { get; private set; }

    /// <param name="kind">What it has in common with others like it: not shown.</param>
    /// <param name="finding">What was found.</param>
    public void Add(string kind, DatasetFinding finding)
    {
        if (finding.IsFault)
            Faults++;
        else
            Notes++;
        var key = (finding.File, kind, finding.IsFault);
        var before = _counts.GetValueOrDefault(key);
        _counts[key] = before + 1;
        if (before < MostOfAKind)
            report(finding with { What = OneLine.Of(finding.What) });
    }

    public void Fault(string file, string kind, string what, int? episode = null, int? frame = null) =>
        Add(kind, new DatasetFinding(file, what) { Episode = episode, Frame = frame });

    public void Note(string file, string kind, string what) =>
        Add(kind, new DatasetFinding(file, what) { IsFault = false });

    /// <summary>Says how many more there are of what was cut short.</summary>
    public void End()
    {
        foreach (var ((file, kind, isFault), count) in _counts.Where(pair => pair.Value > MostOfAKind))
            report(
                new DatasetFinding(
                    file,
                    string.Create(CultureInfo.InvariantCulture, $"and {count - MostOfAKind:N0} more like it: {kind}")
                )
                {
                    IsFault = isFault,
                }
            );
        _counts.Clear();
    }
}
