using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using Vla.Actors.Publishing;
using Vla.Runtime.Status;
using Vla.Sensors;

namespace Vla.Runtime.Robots;

/// <summary>Draws what the robot does: state, action as bars within their limits, rates, ages, latencies, counts.</summary>
public sealed class ConsoleView(RobotProfile profile)
{
    /// <summary>Cells of a bar; odd, so that zero has a cell of its own in the middle.</summary>
    public const int BarCells = 21;

    /// <summary>The live view, about 16 lines high.</summary>
    public IRenderable Render(PublishedAction action, ConsoleSnapshot snapshot)
    {
        var body = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn(new GridColumn().NoWrap());
        body.AddRow(ActionTable(action), LatencyTable(snapshot));
        var rows = new List<IRenderable> { StateLine(action, snapshot), Text.Empty, body };
        rows.InsertRange(1, snapshot.World.Select(line => Line(line, "aqua")));
        var rates = snapshot.Rates.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{rate.Name} {rate.Hz:0.0} Hz"));
        var counts = snapshot.Counts.Where(count => count.Count > 0)
            .Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Name} {count.Count}"));
        rows.Add(Line(string.Join("   ", rates.Append(ActionAge.Words(action))), "grey"));
        var countLine = string.Join("   ", counts);
        if (countLine.Length > 0) rows.Add(Line(countLine, "grey"));
        rows.AddRange(snapshot.Notes.Select(note => Line(note, "yellow")));
        return new Rows(rows);
    }

    /// <summary>The same in one plain line, for where there is no terminal.</summary>
    public static string PlainLine(PublishedAction action, ConsoleSnapshot snapshot)
    {
        var total = snapshot.Latencies.FirstOrDefault(latency => latency.Name == "capture_to_publish").Percentiles;
        string[] parts =
        [
            action.State.Word() + (action.Reason.Length > 0 ? $" ({Clean(action.Reason)})" : ""),
            $"action {action.Sequence.ToString(CultureInfo.InvariantCulture)}",
            ActionAge.Words(action),
            total.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"capture to publish p50 {Ms(total.P50Ns)} p99 {Ms(total.P99Ns)} ms"),
            .. snapshot.Rates.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{rate.Name} {rate.Hz:0.0} Hz")),
            .. snapshot.Counts.Where(count => count.Count > 0).Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Name} {count.Count}")),
            snapshot.Instruction is { } text ? $"instruction \"{Clean(text)}\"" : "",
            .. snapshot.World.Select(Clean),
            .. snapshot.NotStopped.Select(Clean),
            .. snapshot.Notes.Select(Clean),
        ];
        return string.Join("; ", parts.Where(part => part.Length > 0));
    }

    /// <summary>A value between its limits, filled from zero (or from the end nearest to it).</summary>
    public static string Bar(float value, float minimum, float maximum)
    {
        var cells = new char[BarCells];
        Array.Fill(cells, '·');
        if (maximum > minimum)
        {
            var from = Cell(Math.Clamp(0f, minimum, maximum));
            var to = Cell(Math.Clamp(value, minimum, maximum));
            for (var i = Math.Min(from, to); i <= Math.Max(from, to); i++) cells[i] = '█';
            if (from == to) cells[from] = '│';
        }

        return new string(cells);

        int Cell(float at) => (int)Math.Round(((double)at - minimum) / ((double)maximum - minimum) * (BarCells - 1));
    }

    private static Grid StateLine(PublishedAction action, ConsoleSnapshot snapshot)
    {
        var (colour, word) = action.State switch
        {
            ControlState.Policy => ("green", "P O L I C Y"),
            ControlState.Hold => ("yellow", "H O L D"),
            _ => ("red", "S T O P"),
        };
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().Width(19).PadRight(2)).AddColumn(new GridColumn().NoWrap());
        var instruction = snapshot.Instruction is { } text ? $"[bold]{Escape(text)}[/]" : "[grey]no instruction yet[/]";
        var style = $"[bold black on {colour}]";
        grid.AddRow(new Markup($"{style}                   [/]"), new Markup(instruction) { Overflow = Overflow.Ellipsis });
        grid.AddRow(
            new Markup($"{style}{Centre(word, 19)}[/]"),
            new Markup(action.Reason.Length > 0 ? $"[{colour}]{Escape(action.Reason)}[/]" : "") { Overflow = Overflow.Ellipsis });
        var notStopped = string.Join("; ", snapshot.NotStopped);
        grid.AddRow(
            new Markup($"{style}                   [/]"),
            new Markup(notStopped.Length > 0 ? $"[bold red]{Escape(notStopped)}[/]" : "") { Overflow = Overflow.Ellipsis });
        return grid;
    }

    private Table ActionTable(PublishedAction action)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders()
            .AddColumn("name").AddColumn(new TableColumn("value").RightAligned().NoWrap()).AddColumn("unit").AddColumn(new TableColumn("bar").NoWrap());
        for (var i = 0; i < profile.Dimensions.Count; i++)
        {
            var dimension = profile.Dimensions[i];
            var clamped = (action.Clamped >> i & 1) != 0;
            if ((action.Unknown >> i & 1) != 0)
            {
                table.AddRow(Escape(dimension.Name), "unknown", "", "");
                continue;
            }

            table.AddRow(
                Escape(dimension.Name),
                action.Values[i].ToString("0.0000", CultureInfo.InvariantCulture),
                dimension.Unit == "1" ? "" : Escape(dimension.Unit),
                profile.LimitsEnabled
                    ? $"[{(clamped ? "yellow" : "blue")}]{Bar(action.Values[i], dimension.Minimum, dimension.Maximum)}[/]{(clamped ? " [yellow]limit[/]" : "      ")}"
                    : "[red]no limits[/]");
        }

        return table;
    }

    private static Table LatencyTable(ConsoleSnapshot snapshot)
    {
        var table = new Table().Border(TableBorder.None)
            .AddColumn(new TableColumn("[grey]ms[/]").NoWrap())
            .AddColumn(new TableColumn("[grey]p50[/]").RightAligned())
            .AddColumn(new TableColumn("[grey]p99[/]").RightAligned())
            .AddColumn(new TableColumn("[grey]p99.9[/]").RightAligned());
        foreach (var (name, percentiles) in snapshot.Latencies)
        {
            if (percentiles.Count == 0) continue;
            table.AddRow(Escape(name.Replace('_', ' ')), Ms(percentiles.P50Ns), Ms(percentiles.P99Ns), Ms(percentiles.P999Ns));
        }

        return table;
    }

    private static Markup Line(string text, string colour) => new($"[{colour}]{Escape(text)}[/]") { Overflow = Overflow.Ellipsis };

    private static string Ms(long ns)
        => ((double)ns / MonotonicTime.NsPerMs).ToString(ns < 100 * MonotonicTime.NsPerMs ? "0.00" : "0", CultureInfo.InvariantCulture);

    private static string Centre(string text, int width) => text.PadLeft((width + text.Length) / 2).PadRight(width);

    private static string Escape(string text) => Markup.Escape(Clean(text));

    /// <summary>Text from outside must not steer the terminal.</summary>
    private static string Clean(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
}
