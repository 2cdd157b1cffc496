using Vla.Sensors.Images;

namespace Vla.Actors.Policies.Remote;

/// <summary>The observations of the published environments, as the protocols' own policies take them.</summary>
/// <remarks>
/// openpi: <c>src/openpi/policies</c>, and its examples, which shrink pictures and put them on black. OpenVLA:
/// <c>vla-scripts/deploy.py</c> there and in openvla-oft, and the latter's <c>prismatic/vla/constants.py</c>. GR00T:
/// <c>gr00t/configs/data/embodiment_configs.py</c>.
/// </remarks>
internal static class WirePresets
{
    private const int Usual = WirePicture.UsualSize;

    /// <summary>Parts by the names of their features.</summary>
    public static WireLayout Features { get; } = new() { Name = "features" };

    /// <summary>Of openpi.</summary>
    public static IReadOnlyList<WireLayout> OpenPi { get; } =
    [
        Features,
        new()
        {
            Name = "droid",
            Pictures =
            [
                Padded("exterior", "observation/exterior_image_1_left"),
                Padded("wrist", "observation/wrist_image_left"),
            ],
            State = [new("observation/joint_position", 7), new("observation/gripper_position", 1)],
            Actions = 8,
            StepMs = 1_000.0 / 15,
            Execute = 8,
        },
        Aloha("aloha", execute: 25, "cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist"),
        Aloha("aloha_sim", execute: 10, "cam_high"),
        new()
        {
            Name = "libero",
            Pictures = [Padded("image", "observation/image"), Padded("wrist", "observation/wrist_image")],
            State = [new("observation/state", 8) { IsDouble = true }],
            Actions = 7,
            StepMs = 50,
            Execute = 5,
        },
    ];

    /// <summary>Of OpenVLA: one picture and the words; and those of OpenVLA-OFT.</summary>
    public static IReadOnlyList<WireLayout> OpenVla { get; } =
    [
        new()
        {
            Name = "openvla",
            State = [],
            Prompt = "instruction",
        },
        new()
        {
            Name = "oft_libero",
            Pictures = [new("image", "full_image", Usual, Usual), new("wrist", "wrist_image", Usual, Usual)],
            State = [new("state", 8) { IsDouble = true }],
            Prompt = "instruction",
            Actions = 7,
            StepMs = 50,
            Execute = 8,
        },
        new()
        {
            Name = "oft_aloha",
            Pictures =
            [
                new("cam_high", "full_image", Usual, Usual),
                new("cam_left_wrist", "left_wrist_image", Usual, Usual),
                new("cam_right_wrist", "right_wrist_image", Usual, Usual),
            ],
            State = [new("state", 14) { IsDouble = true }],
            Prompt = "instruction",
            Actions = 14,
            Execute = 25,
        },
    ];

    /// <summary>Of GR00T, where <c>features</c> takes what the server says of itself.</summary>
    public static IReadOnlyList<WireLayout> Gr00t { get; } =
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

    /// <summary>Of vla-eval's benchmarks.</summary>
    public static IReadOnlyList<WireLayout> VlaEval { get; } =
    [
        new() { Name = "vla-eval", Prompt = "task_description" },
        new()
        {
            Name = "libero",
            Pictures = [Grouped("agentview"), Grouped("wrist")],
            State = [new("states", 8)],
            Prompt = "task_description",
            Actions = 7,
        },
        new()
        {
            Name = "simpler",
            Pictures = [Grouped("primary")],
            State = [new("states", 8)],
            Prompt = "task_description",
            Actions = 7,
        },
    ];

    /// <summary>Of robo-evals: what it says of hand and gripper; with a picture where it is told to send one.</summary>
    public static IReadOnlyList<WireLayout> RoboEvals { get; } =
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

    private static WirePicture Grouped(string name) => new(name, name, 256, 256) { Group = "images" };

    private static WirePicture Padded(string name, string key) =>
        new(name, key, Usual, Usual) { Fit = ImageFit.Centre };

    private static WirePicture Video(string name) => new(name, name, Usual, Usual);

    private static IEnumerable<WireState> Gripped(int fingers, params IEnumerable<string> names) =>
        names.Select(name => new WireState(name, 1)).Append(new WireState("gripper", fingers));

    private static WireLayout Aloha(string name, int execute, params string[] cameras) =>
        new()
        {
            Name = name,
            Pictures =
            [
                .. cameras.Select(camera => new WirePicture(camera, camera, Usual, Usual)
                {
                    Group = "images",
                    ChannelsFirst = true,
                    Fit = ImageFit.Centre,
                }),
            ],
            State = [new("state", 14)],
            Actions = 14,
            StepMs = 20,
            Execute = execute,
        };
}
