using Vla.Sensors.Images;

namespace Vla.Actors.Policies.Remote.OpenPi;

/// <summary>The observations of the published environments, as openpi's own policies take them.</summary>
/// <remarks><c>src/openpi/policies</c> there, and its examples, which shrink pictures and put them on black.</remarks>
internal static class OpenPiPresets
{
    private const int Usual = WirePicture.UsualSize;

    /// <summary>The first is in force where nothing is said.</summary>
    public static IReadOnlyList<WireLayout> All { get; } =
    [
        WireLayout.Features,
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

    private static WirePicture Padded(string name, string key) =>
        new(name, key, Usual, Usual) { Fit = ImageFit.Centre };

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
