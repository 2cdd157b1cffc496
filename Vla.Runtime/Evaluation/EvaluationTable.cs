using System.Globalization;
using Spectre.Console;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Evaluation;

/// <summary>Prints a report for a person to read.</summary>
internal static class EvaluationTable
{
    private const int MostReasons = 3;

    public static void Write(IAnsiConsole console, EvaluationReport report)
    {
        var how = report.RealTime ? "against the clock" : "step by step";
        console.WriteLine();
        console.WriteLine(
            Text($"{report.Policy} on {report.World}, {report.Phrasing} phrasings, seed {report.Seed}, {how}")
        );

        if (!report.IsComplete)
            console.WriteLine(Text($"stopped after {report.Episodes} of {report.Planned} episodes"));

        var table = new Table()
            .Border(TableBorder.Rounded)
            .AddColumns("task", "succeeded", "rate", "95 % interval", "mean time", "failures");
        foreach (var column in table.Columns.Skip(1).SkipLast(1))
            column.RightAligned().NoWrap();
        foreach (var kind in Enum.GetValues<TaskKind>())
            AddRow(table, EvaluationReport.NameOf(kind), report.Tasks[EvaluationReport.NameOf(kind)]);
        table.AddEmptyRow();
        AddRow(table, "all", report.All);
        console.Write(table);
    }

    private static void AddRow(Table table, string name, SuccessFigures figures) =>
        table.AddRow(
            new Text(name),
            new Text(Text($"{figures.Successes} / {figures.Episodes}")),
            new Text(figures.Episodes == 0 ? "–" : Text($"{100 * figures.SuccessRate:0.0} %")),
            new Text(
                figures.Episodes == 0
                    ? "–"
                    : Text($"{100 * figures.Interval[0]:0.0} – {100 * figures.Interval[1]:0.0} %")
            ),
            new Text(figures.MeanTimeToSuccessS is { } seconds ? Text($"{seconds:0.0} s") : "–"),
            new Text(Reasons(figures))
        );

    private static string Reasons(SuccessFigures figures)
    {
        var reasons = figures.Reasons.Take(MostReasons).Select(reason => Text($"{reason.Value} × {reason.Key}"));
        var others = figures.Reasons.Skip(MostReasons).Sum(reason => reason.Value);
        return string.Join(", ", others == 0 ? reasons : reasons.Append(Text($"{others} × other reasons")));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
