using System.Globalization;
using System.Text;
using System.Text.Json;
using Vla.Actors.Policies;

namespace Vla.Runtime.Robots;

/// <summary>
/// Writes a robot profile from what a policy says of its actions: a start, for a person to look over.
/// </summary>
/// <remarks>
/// The limits are where the actions of its training lay. How fast they may change no checkpoint says: a whole range in
/// a second is written, which is slow for most robots.
/// </remarks>
internal static class ProfileDraft
{
    /// <summary>Until it is reached, so many seconds at the greatest acceleration.</summary>
    private const float SecondsToFullRate = 0.1f;

    /// <summary>
    /// The narrowest range that is written, of the largest value: a joint that never moved is not welded.
    /// </summary>
    private const float NarrowestShare = 0.01f;
    private const float Narrowest = 1e-3f;

    /// <summary>The profile's text.</summary>
    /// <param name="policy">Whose actions.</param>
    /// <param name="name">Of the robot.</param>
    public static string Of(IPolicy policy, string name)
    {
        var action = policy.Action;
        var range = policy.Range ?? ActionRange.OfSpread(action.Mean, action.Std);
        var text = new StringBuilder();
        text.AppendLine("{");
        Comment(
            text,
            "Made from a policy's checkpoint, and not looked over by anybody: read every line before a robot moves "
                + "by it."
        );
        Comment(
            text,
            $"The limits are {range.Source}; what the robot and its surroundings bear is not in a checkpoint."
        );
        Comment(
            text,
            "maximumRate and maximumAcceleration are made up: the whole range in a second, reached in a tenth of one."
        );
        Comment(
            text,
            "hold is \"keep\", for actions that are places; where they are steps or speeds it has to be \"zero\"."
        );
        foreach (var remark in policy.Remarks)
            Comment(text, $"{char.ToUpperInvariant(remark[0])}{remark[1..]}.");
        text.AppendLine(CultureInfo.InvariantCulture, $"  \"name\": {Quoted(name)},");
        text.AppendLine("  \"limits\": true,");
        if (policy.StepIsKnown)
            text.AppendLine(CultureInfo.InvariantCulture, $"  \"stepMs\": {action.StepMs:0.###},");
        text.AppendLine("  \"dimensions\": [");
        for (var i = 0; i < action.Dimensions; i++)
            text.AppendLine(Dimension(action, range, i) + (i < action.Dimensions - 1 ? "," : ""));
        text.AppendLine("  ]");
        text.AppendLine("}");
        return text.ToString();
    }

    private static string Dimension(ActionSpec action, ActionRange range, int i)
    {
        var (lowest, highest) = (range.Lowest[i], range.Highest[i]);
        var least = Math.Max(Narrowest, NarrowestShare * Math.Max(Math.Abs(lowest), Math.Abs(highest)));
        if (highest - lowest < least)
            (lowest, highest) = (lowest - least / 2, highest + least / 2);
        var width = highest - lowest;
        var start = Math.Clamp(action.Mean[i], lowest, highest);
        (string Key, string Value)[] keys =
        [
            ("name", Quoted(action.Names[i])),
            ("unit", Quoted(action.Units[i])),
            ("minimum", Number(lowest)),
            ("maximum", Number(highest)),
            ("maximumRate", Number(width)),
            ("maximumAcceleration", Number(width / SecondsToFullRate)),
            ("hold", Quoted("keep")),
            ("start", Number(start)),
        ];
        return $"    {{ {string.Join(", ", keys.Select(key => $"\"{key.Key}\": {key.Value}"))} }}";
    }

    // As it is read back: rounding must not bring a start beyond its limits.
    private static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    private static void Comment(StringBuilder text, string line)
    {
        const int Width = 110;
        var words = line.Split(' ');
        var row = "  //";
        foreach (var word in words)
        {
            if (row.Length + 1 + word.Length > Width)
            {
                text.AppendLine(row);
                row = "  //";
            }

            row += $" {word}";
        }

        text.AppendLine(row);
    }
}
