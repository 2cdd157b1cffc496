using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Outputs;

/// <summary>
/// Draws what the robot does: state, action as bars within their limits, rates, ages, latencies, counts.
/// </summary>
internal sealed class ConsoleView(RobotProfile profile)
{
    private const int StateHeight = 3;

    private const int ShortBarCells = 11;

    /// <summary>Cells of a bar; odd, so that zero has a cell of its own in the middle.</summary>
    public const int BarCells = 21;

    /// <summary>A terminal this wide has room for the latencies beside the actions, cells.</summary>
    public const int WideEnough = 110;

    /// <summary>Below this the bars are shorter, cells.</summary>
    private const int Narrow = 70;

    /// <summary>Below this there are none, cells.</summary>
    private const int NoRoomForBars = 50;

    /// <summary>
    /// The live view, in a terminal's size: latencies give way first, then counts and rates; state, words and actions
    /// stay.
    /// </summary>
    /// <param name="action">The newest.</param>
    /// <param name="snapshot">The rest of what is shown.</param>
    /// <param name="width">Of the terminal, cells.</param>
    /// <param name="height">Lines that the view may have.</param>
    public IRenderable Render(PublishedAction action, ConsoleSnapshot snapshot, int width, int height)
    {
        var layout = new ConsoleLayout();
        var latencies = LatencyTable(snapshot);
        var isWide = width >= WideEnough;
        var isHigh = height >= StateHeight + snapshot.World.Count + Math.Max(profile.Dimensions.Count, 1) + 4;
        if (snapshot.Where.Length > 0)
            layout.Add(3, 1, Line(snapshot.Where, "grey", width));
        layout.Add(
            0,
            isHigh || snapshot.NotStopped.Count > 0 ? StateHeight : StateHeight - 1,
            StateLine(action, snapshot, isHigh, width)
        );
        foreach (var line in snapshot.World)
            layout.Add(2, 1, Line(line, "aqua", width));
        if (isHigh)
            layout.Add(8, 1, Text.Empty);
        if (isWide)
        {
            var body = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn(new GridColumn().NoWrap());
            body.AddRow(ActionTable(action, BarCells), latencies);
            layout.Add(0, Math.Max(profile.Dimensions.Count, latencies.Rows.Count + 1), body);
        }
        else
        {
            layout.Add(
                0,
                profile.Dimensions.Count,
                ActionTable(
                    action,
                    width < NoRoomForBars ? 0
                        : width < Narrow ? ShortBarCells
                        : BarCells
                )
            );
        }

        layout.Add(4, 1, Line(string.Join("   ", Rates(snapshot).Append(ActionAge.Words(action))), "grey", width));
        if (snapshot.Flow.Length > 0)
            layout.Add(5, 1, Line(snapshot.Flow, "grey", width));
        if (Counts(snapshot) is { Count: > 0 } counts)
            layout.Add(6, 1, Line(string.Join("   ", counts), "yellow", width));
        foreach (var note in snapshot.Notes)
            layout.Add(1, 1, Line(note, "yellow", width));
        if (!isWide && latencies.Rows.Count > 0)
            layout.Add(9, latencies.Rows.Count + 1, latencies);
        return layout.Fit(height);
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
            total.Count == 0
                ? ""
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"capture to publish p50 {Ms(total.P50Ns)} p99 {Ms(total.P99Ns)} ms"
                ),
            .. Rates(snapshot),
            Clean(snapshot.Flow),
            .. Counts(snapshot),
            snapshot.Instruction is { } text ? $"instruction \"{Clean(text)}\"" : "",
            .. snapshot.World.Select(Clean),
            .. snapshot.NotStopped.Select(Clean),
            .. snapshot.Notes.Select(Clean),
        ];
        return string.Join("; ", parts.Where(part => part.Length > 0));
    }

    private static IEnumerable<string> Rates(ConsoleSnapshot snapshot) =>
        snapshot.Rates.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{rate.Name} {rate.Hz:0.0} Hz"));

    private static List<string> Counts(ConsoleSnapshot snapshot) =>
        [
            .. snapshot
                .Counts.Where(count => count.Count > 0)
                .Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Name} {count.Count:N0}")),
        ];

    /// <summary>A value between its limits, filled from zero (or from the end nearest to it).</summary>
    public static string Bar(float value, float minimum, float maximum, int length = BarCells)
    {
        var cells = new char[length];
        Array.Fill(cells, '·');
        if (maximum > minimum && length > 0)
        {
            var from = Cell(Math.Clamp(0f, minimum, maximum));
            var to = Cell(Math.Clamp(value, minimum, maximum));
            for (var i = Math.Min(from, to); i <= Math.Max(from, to); i++)
                cells[i] = '█';
            if (from == to)
                cells[from] = '│';
        }

        return new string(cells);

        int Cell(float at) => (int)Math.Round(((double)at - minimum) / ((double)maximum - minimum) * (length - 1));
    }

    private static Grid StateLine(PublishedAction action, ConsoleSnapshot snapshot, bool isHigh, int width)
    {
        const int badge = 19,
            gap = 3;
        var room = width - badge - gap;
        var (colour, word) = action.State switch
        {
            ControlState.Policy => ("green", "P O L I C Y"),
            ControlState.Hold => ("yellow", "H O L D"),
            _ => ("red", "S T O P"),
        };
        var grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().Width(19).PadRight(2))
            .AddColumn(new GridColumn().NoWrap());
        var instruction = snapshot.Instruction is { } text
            ? $"[bold]{Escape(Cut(text, room))}[/]"
            : "[grey]no instruction yet[/]";
        var style = $"[bold black on {colour}]";
        grid.AddRow(new Markup($"{style}                   [/]"), new Markup(instruction));
        grid.AddRow(
            new Markup($"{style}{Centre(word, 19)}[/]"),
            new Markup(action.Reason.Length > 0 ? $"[{colour}]{Escape(Cut(action.Reason, room))}[/]" : "")
        );
        var notStopped = string.Join("; ", snapshot.NotStopped);
        if (isHigh || notStopped.Length > 0)
        {
            grid.AddRow(
                new Markup($"{style}                   [/]"),
                new Markup(notStopped.Length > 0 ? $"[bold red]{Escape(Cut(notStopped, room))}[/]" : "")
            );
        }

        return grid;
    }

    private Table ActionTable(PublishedAction action, int barCells)
    {
        var table = new Table()
            .Border(TableBorder.None)
            .HideHeaders()
            .AddColumn("name")
            .AddColumn(new TableColumn("value").RightAligned().NoWrap())
            .AddColumn("unit")
            .AddColumn(new TableColumn("bar").NoWrap());
        for (var i = 0; i < profile.Dimensions.Count; i++)
        {
            var dimension = profile.Dimensions[i];
            var clamped = (action.Clamped >> i & 1) != 0;
            if ((action.Unknown >> i & 1) != 0)
            {
                table.AddRow(Escape(dimension.Name), "unknown", "", "");
                continue;
            }

            var bar = profile.LimitsEnabled
                ? $"[{(clamped ? "yellow" : "blue")}]"
                    + Bar(action.Values[i], dimension.Minimum, dimension.Maximum, barCells)
                    + (clamped ? "[/] [yellow]limit[/]" : "[/]      ")
                : "[red]no limits[/]";
            var mark = clamped ? "[yellow]limit[/]" : "";
            table.AddRow(
                Escape(dimension.Name),
                action.Values[i].ToString("0.0000", CultureInfo.InvariantCulture),
                dimension.Unit == "1" ? "" : Escape(dimension.Unit),
                barCells > 0 ? bar : mark
            );
        }

        return table;
    }

    private static Table LatencyTable(ConsoleSnapshot snapshot)
    {
        var table = new Table()
            .Border(TableBorder.None)
            .AddColumn(new TableColumn("[grey]ms[/]").NoWrap())
            .AddColumn(new TableColumn("[grey]p50[/]").RightAligned())
            .AddColumn(new TableColumn("[grey]p99[/]").RightAligned())
            .AddColumn(new TableColumn("[grey]p99.9[/]").RightAligned());
        foreach (var (name, percentiles) in snapshot.Latencies)
        {
            if (percentiles.Count == 0)
                continue;
            table.AddRow(
                Escape(name.Replace('_', ' ')),
                Ms(percentiles.P50Ns),
                Ms(percentiles.P99Ns),
                Ms(percentiles.P999Ns)
            );
        }

        return table;
    }

    private static Markup Line(string text, string colour, int width) =>
        new($"[{colour}]{Escape(Cut(text, width))}[/]");

    /// <summary>
    /// What fits into a line: Spectre's ellipsis is for words, and a sentence would take a second line.
    /// </summary>
    private static string Cut(string text, int width)
    {
        // Cleaned before it is measured: what steers a terminal has no width.
        text = Clean(text);
        if (text.GetCellWidth() <= width)
            return text;
        var left = width - 1;
        return string.Concat(
                text.EnumerateRunes()
                    .Select(rune => rune.ToString())
                    .TakeWhile(letter => (left -= letter.GetCellWidth()) >= 0)
            ) + "…";
    }

    private static string Ms(long ns) =>
        ((double)ns / MonotonicTime.NsPerMs).ToString(
            ns < 100 * MonotonicTime.NsPerMs ? "0.00" : "0",
            CultureInfo.InvariantCulture
        );

    private static string Centre(string text, int width) => text.PadLeft((width + text.Length) / 2).PadRight(width);

    private static string Escape(string text) => Markup.Escape(Clean(text));

    /// <summary>Text from outside must not steer the terminal.</summary>
    private static string Clean(string text) =>
        string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
}
