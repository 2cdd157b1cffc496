namespace Vla.Actors.Policies.Remote.Gr00t;

/// <summary>
/// The observations of the published environments, as GR00T takes them; <c>features</c> is what the server says of
/// itself.
/// </summary>
/// <remarks><c>gr00t/configs/data/embodiment_configs.py</c> there.</remarks>
internal static class Gr00tPresets
{
    private const int Usual = WirePicture.UsualSize;

    /// <summary>The first is in force where nothing is said.</summary>
    public static IReadOnlyList<WireLayout> All { get; } =
    [
        new() { Name = "features", Prompt = null },
        new()
        {
            Name = "libero",
            Pictures = [Video("image"), Video("wrist_image")],
            State = [.. Gripped(2, "x", "y", "z", "roll", "pitch", "yaw")],
            Prompt = "annotation.human.action.task_description",
            ActionKeys = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"],
            Actions = 7,
            StepMs = 50,
            Execute = 8,
        },
        new()
        {
            Name = "widowx",
            Pictures = [Video("image_0")],
            State = [.. Gripped(1, "x", "y", "z", "roll", "pitch", "yaw", "pad")],
            Prompt = "annotation.human.action.task_description",
            ActionKeys = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"],
            Actions = 7,
            StepMs = 200,
        },
        new()
        {
            Name = "google",
            Pictures = [Video("image")],
            State = [.. Gripped(1, "x", "y", "z", "rx", "ry", "rz", "rw")],
            Prompt = "annotation.human.action.task_description",
            ActionKeys = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"],
            Actions = 7,
            StepMs = 1_000.0 / 3,
        },
        new()
        {
            Name = "so100",
            Pictures = [Video("webcam")],
            State = [new("single_arm", 5) { IsDouble = true }, new("gripper", 1) { IsDouble = true }],
            Prompt = "annotation.human.task_description",
            ActionKeys = ["single_arm", "gripper"],
            Actions = 6,
            StepMs = 1_000.0 / 30,
        },
    ];

    private static WirePicture Video(string name) => new(name, name, Usual, Usual);

    private static IEnumerable<WireState> Gripped(int fingers, params IEnumerable<string> names) =>
        names.Select(name => new WireState(name, 1)).Append(new WireState("gripper", fingers));
}
