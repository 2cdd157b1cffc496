using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>Reads a layout of one's own from a JSON file, for a server or a client that no preset fits.</summary>
/// <remarks>
/// <code>
/// { "pictures": [ { "name": "front", "key": "cam0", "group": "images", "height": 224, "width": 224, "channels_first":
/// true } ],
///   "state": [ { "key": "state", "count": 6, "type": "float32" } ], "prompt": "task",
///   "action": { "keys": [ "arm", "gripper" ], "count": 6, "step_ms": 33.3, "execute": 10 } }
/// </code>
/// All of it may be left out; <c>"takes_words": false</c> is for a policy that is told nothing.
/// </remarks>
internal static class WireLayoutFile
{
    private const int LongestKey = 200;

    /// <exception cref="PolicyException">It cannot be read, or something in it cannot be.</exception>
    public static WireLayout Read(string file)
    {
        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement);
        var action = root.OptionalSection("action");
        var prompt = root.OptionalText("prompt", LongestKey);
        var layout = new WireLayout
        {
            Name = file,
            Pictures = root.Has("pictures") ? [.. root.Sections("pictures", PictureNames.Most).Select(Picture)] : null,
            State = root.Has("state") ? [.. root.Sections("state", WireLimits.MostNumbers).Select(State)] : null,
            Prompt = root.OptionalFlag("takes_words") == false ? null : prompt ?? WireLayout.Features.Prompt,
            ActionKeys = action?.OptionalTexts("keys", WireLimits.MostNumbers, LongestKey) is { Count: > 0 } keys
                ? keys
                : null,
            Actions = action?.OptionalInteger("count", 1, WireLimits.MostNumbers, 0) is > 0 and var count
                ? count
                : null,
            StepMs = action?.OptionalNumber("step_ms", 0, WireLimits.LongestStepMs, 0) is > 0 and var step
                ? step
                : null,
            Execute = action?.OptionalInteger("execute", 1, WireLimits.MostActions, 0) is > 0 and var execute
                ? execute
                : null,
        };
        action?.CheckUnknown();
        root.CheckUnknown();
        return layout;
    }

    private static WirePicture Picture(ConfigSection section)
    {
        var name = section.Text("name", LongestKey);
        if (!PictureNames.IsValid(name))
            throw section.Wrong("name", name, PictureNames.Rule);
        var picture = new WirePicture(
            name,
            section.OptionalText("key", LongestKey) ?? PictureNames.Feature(name),
            section.OptionalInteger("height", 1, WireLimits.LargestSide, WirePicture.UsualSize),
            section.OptionalInteger("width", 1, WireLimits.LargestSide, WirePicture.UsualSize)
        )
        {
            Group = section.OptionalText("group", LongestKey) ?? "",
            ChannelsFirst = section.OptionalFlag("channels_first") ?? false,
            Fit = section.OptionalChoice("fit", [.. WireFits.Words]) is { } fit
                ? WireFits.Find(fit)!.Value
                : ImageFit.Stretch,
        };
        section.CheckUnknown();
        return picture;
    }

    private static WireState State(ConfigSection section)
    {
        var part = new WireState(section.Text("key", LongestKey), section.Integer("count", 1, WireLimits.MostNumbers))
        {
            IsDouble = section.OptionalChoice("type", "float32", "float64") == "float64",
        };
        section.CheckUnknown();
        return part;
    }
}
