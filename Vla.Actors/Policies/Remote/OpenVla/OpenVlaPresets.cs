namespace Vla.Actors.Policies.Remote.OpenVla;

/// <summary>What OpenVLA takes, one picture and the words; and OpenVLA-OFT in the published environments.</summary>
/// <remarks>
/// <c>vla-scripts/deploy.py</c> of openvla and of openvla-oft, and the latter's <c>prismatic/vla/constants.py</c>.
/// </remarks>
internal static class OpenVlaPresets
{
    private const int Usual = WirePicture.UsualSize;

    /// <summary>The first is in force where nothing is said.</summary>
    public static IReadOnlyList<WireLayout> All { get; } =
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
}
