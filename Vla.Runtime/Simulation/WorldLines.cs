using System.Globalization;

namespace Vla.Runtime.Simulation;

/// <summary>Says in a line or two, for a person, what is on the simulated table and how the task stands.</summary>
internal static class WorldLines
{
    /// <param name="world">What goes on.</param>
    /// <param name="instruction">In force; null before the first.</param>
    public static IReadOnlyList<string> Of(WorldReport world, string? instruction)
    {
        var blocks = $"{string.Join(", ", world.Blocks)} block{(world.Blocks.Count == 1 ? "" : "s")}";
        var trays = $"{string.Join(", ", world.Trays)} tray{(world.Trays.Count == 1 ? "" : "s")}";
        return [Text($"table {world.Seed}, level {world.Level}: {blocks}; {trays}"), Task(world, instruction)];
    }

    private static string Task(WorldReport world, string? instruction)
    {
        var done = world.Attempts == 0 ? "" : Text($"; {world.Successes} of {world.Attempts} done");
        var blocks = world.Blocks;
        var example = Text($"try \"put the {blocks[0]} block on the {world.Trays[0]} tray\"");
        return world.Judgement switch
        {
            Judgement.UnderWay => Text($"{world.Task}: under way, {world.Seconds:0.0} s{done}"),
            Judgement.Succeeded => Text($"{world.Task}: done in {world.Seconds:0.0} s{done}"),
            Judgement.Failed => Text($"{world.Task}: failed, {world.Reason}{done}"),
            Judgement.TimedOut => Text($"{world.Task}: not done within {world.Seconds:0.0} s{done}"),
            _ when world.Missing.Length > 0 => Text($"{world.Missing}; the arm rests{done}"),
            _ when instruction is null => $"{example}; /new lays another table",
            _ => $"not judged, since it is no task on this table{done}; {example}",
        };
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
