namespace Vla.Sensors.Simulation.Tasks;

/// <summary>Says whether the things that an instruction names are on the table.</summary>
/// <remarks>
/// A policy that is told of a thing which is not there acts all the same, on some other thing. Where a sentence is
/// built as the tasks' phrases are, whatever stands in the block's or the tray's place has to be there ("pick up the
/// banana"); in any other, what is called a block or a tray.
/// </remarks>
internal static class SceneWords
{
    private const string BlockSlot = "{block}";
    private const string TraySlot = "{tray}";
    private const string DirectionSlot = "{direction}";
    private const string Block = "block";
    private const string Tray = "tray";
    private const int LongestName = 3;

    private static readonly string[] Sides = ["left", "right"];

    private static readonly HashSet<string> Colours =
    [
        .. WorldColour.OfBlocks.Concat(WorldColour.OfTraysOnly).Select(colour => colour.Name),
    ];

    /// <summary>Words that point at things and do not describe them.</summary>
    private static readonly HashSet<string> Pointing = new(StringComparer.Ordinal)
    {
        "this",
        "that",
        "these",
        "those",
        "any",
        "every",
        "each",
        "all",
        "both",
        "some",
        "one",
        "two",
        "three",
        "other",
        "another",
        "its",
        "his",
        "her",
        "my",
        "your",
        "first",
        "second",
        "last",
        "next",
        "same",
        "of",
        "there",
        "only",
    };

    /// <summary>Words of the phrases that hold a sentence together: a thing's name has none of them.</summary>
    private static readonly HashSet<string> Structure =
    [
        .. TaskWords
            .Vocabulary(Phrasing.Train)
            .Concat(TaskWords.Vocabulary(Phrasing.HeldOut))
            .Where(word => !Colours.Contains(word) && !Sides.Contains(word) && word is not (Block or "cube" or Tray)),
        "with",
        "from",
        "by",
        "at",
        "in",
        "into",
        "off",
        "then",
        "but",
        "not",
        "near",
        "next",
        "beside",
        "behind",
        "under",
        "between",
        "before",
        "after",
    ];

    private static readonly string[][] Patterns =
    [
        .. Enum.GetValues<TaskKind>()
            .SelectMany(kind =>
                TaskWords.Templates(kind, Phrasing.Train).Concat(TaskWords.Templates(kind, Phrasing.HeldOut))
            )
            .Select(template => template.Split(' ').Where(word => !TaskWords.IsFiller(word)).ToArray()),
    ];

    /// <summary>Looks for the things that an instruction names.</summary>
    /// <param name="table">As it is now.</param>
    /// <param name="instruction">Any text.</param>
    /// <returns>
    /// Problem: what is not there, and what is; empty when nothing is missing. Note: what could mean several things;
    /// empty when nothing could.
    /// </returns>
    public static (string Problem, string Note) Look(Tabletop table, string instruction)
    {
        if (TaskWords.Find(table, instruction) is not null)
            return ("", "");
        var words = TaskWords
            .Essentials(instruction)
            .Select(Singular)
            .Where(word => !Pointing.Contains(word))
            .ToArray();
        var readings = Patterns.SelectMany(pattern => Match(words, pattern)).ToList();
        var things =
            readings.Find(names => names.TrueForAll(name => IsThere(table, name)))
            ?? readings.MinBy(names => names.Count(name => !IsThere(table, name)))
            ?? [.. Named(instruction)];
        var missing = things.Find(name => !IsThere(table, name));
        return missing is not null
            ? ($"there is no {missing.Text}: on the table are {Inventory(table)}", "")
            : ("", things.Select(name => Doubt(table, name)).FirstOrDefault(doubt => doubt.Length > 0) ?? "");
    }

    /// <summary>
    /// All ways in which words can be read as a phrase; each gives the names that stand in its open places.
    /// </summary>
    private static IEnumerable<List<ThingName>> Match(ArraySegment<string> words, ArraySegment<string> pattern)
    {
        if (pattern.Count == 0)
            return words.Count == 0
                ?
                [
                    [],
                ]
                : [];
        if (pattern[0] == DirectionSlot)
            return words.Count > 0 && Sides.Contains(words[0]) ? Match(words[1..], pattern[1..]) : [];
        if (pattern[0] is not (BlockSlot or TraySlot))
            return words.Count > 0 && words[0] == pattern[0] ? Match(words[1..], pattern[1..]) : [];
        return Enumerable
            .Range(1, Math.Min(LongestName, words.Count))
            .TakeWhile(length => !Structure.Contains(words[length - 1]))
            .SelectMany(length =>
                Match(words[length..], pattern[1..])
                    .Select(rest =>
                        (List<ThingName>)[new ThingName([.. words[..length]], pattern[0] == TraySlot), .. rest]
                    )
            );
    }

    /// <summary>What a sentence of any other build calls a block or a tray.</summary>
    private static IEnumerable<ThingName> Named(string instruction)
    {
        var words = TaskWords.Words(instruction).Select(Singular).ToList();
        for (var i = 1; i < words.Count; i++)
        {
            if (words[i] is not (Block or Tray))
                continue;
            var first = i - 1;
            while (
                first >= 0 && i - first <= LongestName && !IsArticle(words[first]) && !Structure.Contains(words[first])
            )
                first--;
            var described = first >= 0 && IsArticle(words[first]);
            // Without an article in front nobody knows where the verb ends: a colour beside it is a description all the
            // same.
            if (!described && !Colours.Contains(words[i - 1]))
                continue;
            var start = described ? first + 1 : i - 1;
            yield return new ThingName(
                [.. words[start..(i + 1)].Where(word => !Pointing.Contains(word))],
                words[i] == Tray
            );
        }
    }

    private static bool IsArticle(string word) => word is "the" or "a" or "an" || Pointing.Contains(word);

    private static bool IsThere(Tabletop table, ThingName name)
    {
        var colours = name.Words.Where(Colours.Contains).ToList();
        var others = name
            .Words.Where(word => !Colours.Contains(word) && !Sides.Contains(word) && word is not (Block or Tray))
            .ToList();
        if (others.Count > 0 && (!name.HasNoun || colours.Count == 0))
            return false;
        var blocks = table.Blocks.ToArray().Select(block => block.Colour.Name);
        var trays = table.Trays.Select(tray => tray.Colour.Name);
        var there = name.HasNoun ? (name.IsTray ? trays : blocks) : blocks.Concat(trays);
        return colours.TrueForAll(there.Contains);
    }

    private static string Doubt(Tabletop table, ThingName name)
    {
        if (name.IsTray || name.Words.Any(Sides.Contains))
            return "";
        foreach (var colour in name.Words.Where(Colours.Contains))
        {
            var names = Enumerable
                .Range(0, table.Blocks.Length)
                .Where(block => table.Blocks.ToArray()[block].Colour.Name == colour)
                .Select(block => TaskWords.NameOf(table, block))
                .ToList();
            if (names.Count < 2)
                continue;
            return names.TrueForAll(said => said is not null)
                ? $"there are {names.Count} {colour} blocks: say the {string.Join(" or the ", names)} block"
                : $"there are {names.Count} {colour} blocks, neither to the left of the other";
        }

        return "";
    }

    private static string Inventory(Tabletop table)
    {
        var blocks = Enumerable
            .Range(0, table.Blocks.Length)
            .Select(block => TaskWords.NameOf(table, block) ?? table.Blocks[block].Colour.Name);
        return $"{Things([.. blocks], Block)} and {Things([.. table.Trays.Select(tray => tray.Colour.Name)], Tray)}";
    }

    private static string Things(List<string> names, string noun) =>
        names.Count switch
        {
            0 => $"no {noun}s",
            1 => $"the {names[0]} {noun}",
            _ => $"the {string.Join(", ", names[..^1])} and {names[^1]} {noun}s",
        };

    private static string Singular(string word) =>
        word switch
        {
            "blocks" or "cube" or "cubes" => Block,
            "trays" => Tray,
            _ => word,
        };

    /// <param name="Words">As said, without articles.</param>
    /// <param name="IsOnTraysPlace">Whether it stands where a phrase has its tray.</param>
    private sealed record ThingName(IReadOnlyList<string> Words, bool IsOnTraysPlace)
    {
        public bool HasNoun => Words.Any(word => word is Block or Tray);

        public bool IsTray => HasNoun ? Words.Contains(Tray) : IsOnTraysPlace;

        public string Text => string.Join(' ', Words);
    }
}
