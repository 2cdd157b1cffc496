using Vla.Runtime.Registries;

namespace Vla.Runtime.Teleoperation;

/// <summary>The kinds of teleoperators that <c>--teleop</c> can name.</summary>
internal static class TeleoperatorRegistry
{
    private static readonly Registry<TeleoperatorSpec> Kinds = new(
        new(
            "so101_leader:PORT-OR-NAME",
            TeleoperatorSpec.Leader.Read,
            "a leader arm; so100_leader and koch_leader too"
        ),
        new("keyboard", TeleoperatorSpec.Keyboard.Read, "the terminal's, for robots with actions x, y and so on"),
        new("gamepad[:DEVICE]", TeleoperatorSpec.Pad.Read, "for the same robots"),
        new("expert", TeleoperatorSpec.Expert.Read, "a script that knows the simulated world"),
        new("replay:DIR[#EPISODE]", TeleoperatorSpec.Replay.Read, "a recorded dataset")
    );

    /// <summary>All forms and what they are, for the help of commands.</summary>
    public static string Help => Kinds.Help;

    /// <summary>What a text names.</summary>
    /// <param name="text">As given.</param>
    /// <param name="folder">Where relative paths in it count from.</param>
    /// <exception cref="UsageException">It names nothing that leads, or is written wrongly.</exception>
    public static TeleoperatorSpec Parse(string text, string folder) =>
        (Kinds.Find(text) ?? throw new UsageException($"'{text}' leads no robot: give {Kinds.Possible}")).RelativeTo(
            folder
        );

    /// <summary>The same text with paths that hold wherever one is.</summary>
    public static string WithFullPaths(string text) => $"{Parse(text, Environment.CurrentDirectory)}";
}
