namespace Vla.Sensors.Simulation.Tasks;

/// <summary>Which set of phrases to speak in.</summary>
public enum Phrasing
{
    /// <summary>Those that a policy is trained with.</summary>
    Train,

    /// <summary>Those kept apart for evaluation: known words in new orders.</summary>
    HeldOut,
}

/// <summary>The words for tasks, and the tasks for words.</summary>
/// <remarks>
/// A block is named by its colour, and when two share it also by its place: the left or the right one, as the camera
/// sees them at the time.
/// </remarks>
public static class TaskWords
{
    private const string BlockSlot = "{block}";
    private const string TraySlot = "{tray}";
    private const string DirectionSlot = "{direction}";

    /// <summary>Twins that are closer together than this are neither left nor right, metres.</summary>
    private const double SidesApart = 0.03;

    private static readonly string[] Openings = ["", "please ", "now ", "could you ", "robot "];
    private static readonly string[] Nouns = ["block", "cube"];

    /// <summary>Words that change nothing about what is meant.</summary>
    private static readonly HashSet<string> Fillers = new(StringComparer.Ordinal)
    {
        "please",
        "now",
        "could",
        "can",
        "would",
        "you",
        "robot",
        "the",
        "a",
        "an",
    };

    private static readonly string[][] Training =
    [
        [
            "reach above the {block}",
            "move above the {block}",
            "go over the {block}",
            "hover above the {block}",
            "move the gripper over the {block}",
            "hold the gripper above the {block}",
            "go to the {block} and stay above it",
            "reach over the {block}",
        ],
        [
            "pick up the {block}",
            "lift the {block}",
            "grab the {block}",
            "take the {block}",
            "grasp the {block} and lift it",
            "raise the {block} from the table",
            "pick the {block} up",
            "lift up the {block}",
        ],
        [
            "put the {block} on the {tray}",
            "place the {block} on the {tray}",
            "set the {block} down on the {tray}",
            "drop the {block} onto the {tray}",
            "bring the {block} to the {tray}",
            "move the {block} onto the {tray}",
            "pick up the {block} and put it on the {tray}",
            "take the {block} and place it on the {tray}",
        ],
        [
            "push the {block} to the {direction}",
            "push the {block} {direction}",
            "slide the {block} to the {direction}",
            "shove the {block} {direction}",
            "move the {block} to the {direction}",
            "nudge the {block} towards the {direction}",
            "use the gripper to push the {block} {direction}",
            "slide the {block} {direction}",
        ],
    ];

    private static readonly string[][] KeptApart =
    [
        ["hover over the {block}", "go above the {block}", "move the gripper to the {block} and hold it above"],
        ["grab the {block} and lift it up", "take the {block} from the table", "grasp the {block} and raise it"],
        [
            "grab the {block} and drop it onto the {tray}",
            "put the {block} down on the {tray}",
            "lift the {block} and set it on the {tray}",
        ],
        [
            "shove the {block} to the {direction}",
            "nudge the {block} {direction}",
            "slide the {block} towards the {direction}",
        ],
    ];

    /// <summary>The phrases for a kind of task, with {block}, {tray} and {direction} still open.</summary>
    public static IReadOnlyList<string> Templates(TaskKind kind, Phrasing phrasing) =>
        (phrasing == Phrasing.Train ? Training : KeptApart)[(int)kind];

    /// <summary>Says a task in words chosen at random.</summary>
    /// <exception cref="ArgumentException">Its block cannot be told from another; see
    /// <see cref="CanName"/>.</exception>
    public static string Say(Tabletop table, in WorldTask task, Phrasing phrasing, WorldRandom random)
    {
        var templates = Templates(task.Kind, phrasing);
        var template = templates[random.Below(templates.Count)];
        var opening = Openings[random.Below(Openings.Length)];
        return opening + Fill(table, task, template, Nouns[random.Below(Nouns.Length)]);
    }

    /// <summary>Says a task in its plainest words.</summary>
    /// <exception cref="ArgumentException">Its block cannot be told from another; see
    /// <see cref="CanName"/>.</exception>
    public static string Say(Tabletop table, in WorldTask task) =>
        Fill(table, task, Templates(task.Kind, Phrasing.Train)[0], Nouns[0]);

    /// <summary>True when words can tell the block from every other.</summary>
    public static bool CanName(Tabletop table, int block) => NameOf(table, block) is not null;

    /// <summary>Finds the task that an instruction means on a table as it is now.</summary>
    /// <param name="table">Its blocks and trays decide what "the left red block" is.</param>
    /// <param name="instruction">Any text; case, punctuation and politeness do not matter.</param>
    /// <returns>Null when it means none, or could mean several.</returns>
    public static WorldTask? Find(Tabletop table, string instruction)
    {
        var wanted = Essence(instruction);
        foreach (var task in WorldTask.All(table))
        {
            if (!CanName(table, task.Block))
                continue;
            foreach (var template in Training[(int)task.Kind].Concat(KeptApart[(int)task.Kind]))
            {
                if (Essence(Fill(table, task, template, Nouns[0])) == wanted)
                    return task;
            }
        }

        return null;
    }

    /// <summary>Every word that a phrase for any task on any table can have, in alphabetical order.</summary>
    public static IReadOnlyList<string> Vocabulary(Phrasing phrasing)
    {
        var templates = (phrasing == Phrasing.Train ? Training : KeptApart).SelectMany(kind => kind);
        var colours = WorldColour.OfBlocks.Concat(WorldColour.OfTraysOnly).Select(colour => colour.Name);
        return
        [
            .. templates
                .Concat(Openings)
                .Concat(Nouns)
                .Concat(colours)
                .Append("tray left right")
                .SelectMany(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(word => word[0] != '{')
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// For every phrase the longest that can become of it, in every colour: whoever reads these reads all.
    /// </summary>
    public static IEnumerable<string> LongestPhrases(Phrasing phrasing)
    {
        var opening = Openings.MaxBy(words => words.Split(' ').Length);
        foreach (var template in (phrasing == Phrasing.Train ? Training : KeptApart).SelectMany(kind => kind))
        {
            foreach (var colour in WorldColour.OfBlocks.Concat(WorldColour.OfTraysOnly).Select(colour => colour.Name))
            {
                yield return opening
                    + template
                        .Replace(BlockSlot, $"right {colour} cube", StringComparison.Ordinal)
                        .Replace(TraySlot, $"{colour} tray", StringComparison.Ordinal)
                        .Replace(DirectionSlot, "right", StringComparison.Ordinal);
            }
        }
    }

    private static string Fill(Tabletop table, in WorldTask task, string template, string noun)
    {
        var name =
            NameOf(table, task.Block)
            ?? throw new ArgumentException(
                $"block {task.Block} cannot be told from the other of its colour",
                nameof(task)
            );
        var text = template.Replace(BlockSlot, $"{name} {noun}", StringComparison.Ordinal);
        if (task.Tray >= 0)
            text = text.Replace(TraySlot, $"{table.Trays[task.Tray].Colour.Name} tray", StringComparison.Ordinal);
        return text.Replace(DirectionSlot, task.Direction < 0 ? "left" : "right", StringComparison.Ordinal);
    }

    /// <summary>
    /// What to call a block: <c>red</c>, or <c>left red</c> where there are two; null when words cannot tell it apart.
    /// </summary>
    public static string? NameOf(Tabletop table, int index)
    {
        var block = table.Blocks[index];
        for (var i = 0; i < table.Blocks.Length; i++)
        {
            if (i == index || table.Blocks[i].Colour != block.Colour)
                continue;
            var aside = block.X - table.Blocks[i].X;
            if (Math.Abs(aside) < SidesApart)
                return null;
            return $"{(aside < 0 ? "left" : "right")} {block.Colour.Name}";
        }

        return block.Colour.Name;
    }

    /// <summary>Whether a word, in lower case, changes nothing about what is meant.</summary>
    internal static bool IsFiller(string word) => Fillers.Contains(word);

    /// <summary>The words of a text, in lower case, without marks and digits.</summary>
    internal static string[] Words(string text) =>
        new string([.. text.ToLowerInvariant().Select(c => char.IsLetter(c) ? c : ' ')]).Split(
            ' ',
            StringSplitOptions.RemoveEmptyEntries
        );

    /// <summary>The words that carry meaning, in order; a cube is a block.</summary>
    internal static IEnumerable<string> Essentials(string text) =>
        Words(text).Where(word => !IsFiller(word)).Select(word => word == "cube" ? "block" : word);

    private static string Essence(string text) => string.Join(' ', Essentials(text));
}
