namespace Vla.Actors.Policies.Remote;

/// <summary>
/// The observations of the published environments, as openpi's own policies take them (openpi,
/// <c>src/openpi/policies</c>) and its examples send them.
/// </summary>
public static class WirePresets
{
    private const int Usual = WirePicture.UsualSize;

    /// <summary>Parts by the names of their features.</summary>
    public static WireLayout Features { get; } = new() { Name = "features" };

    private static readonly WireLayout[] All =
    [
        Features,
        new()
        {
            Name = "droid",
            Pictures =
            [
                new("exterior", "observation/exterior_image_1_left", Usual, Usual),
                new("wrist", "observation/wrist_image_left", Usual, Usual),
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
            Pictures =
            [
                new("image", "observation/image", Usual, Usual),
                new("wrist", "observation/wrist_image", Usual, Usual),
            ],
            State = [new("observation/state", 8) { IsDouble = true }],
            Actions = 7,
            StepMs = 50,
            Execute = 5,
        },
    ];

    /// <summary>Their names, for messages.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(preset => preset.Name)];

    /// <summary>The one of a name; null for none.</summary>
    public static WireLayout? Find(string name) => Array.Find(All, preset => preset.Name == name);

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
                }),
            ],
            State = [new("state", 14)],
            Actions = 14,
            StepMs = 20,
            Execute = execute,
        };
}
