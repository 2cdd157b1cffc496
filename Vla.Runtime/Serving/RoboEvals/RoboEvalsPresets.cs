using Vla.Actors.Policies.Remote;

namespace Vla.Runtime.Serving.RoboEvals;

/// <summary>What robo-evals says of hand and gripper; with a picture where it is told to send one.</summary>
internal static class RoboEvalsPresets
{
    /// <summary>The first is in force where nothing is said.</summary>
    public static IReadOnlyList<WireLayout> All { get; } =
    [
        new() { Name = "robo-evals", Prompt = "instruction" },
        new()
        {
            Name = "hand",
            Pictures = [new("image", "image", 128, 128)],
            State = [new("ee_pos", 3), new("gripper", 1)],
            Prompt = "instruction",
            Actions = 4,
        },
    ];
}
