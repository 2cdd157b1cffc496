using System.Globalization;
using System.Text.Json;

namespace Vla.Sensors.Videos;

/// <summary>What the first video track of a file is, as <c>ffprobe</c> says.</summary>
/// <param name="Codec">FFmpeg's name, such as <c>av1</c> or <c>h264</c>.</param>
/// <param name="PixelFormat">FFmpeg's name, such as <c>yuv420p</c>; empty when it is not known.</param>
/// <param name="Width">Pixels, as they are stored: before a turn that the file asks for.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Fps">Pictures a second on average; 0 when the file does not say.</param>
/// <param name="Seconds">How long it is; 0 when the file does not say.</param>
internal sealed record VideoDescription(
    string Codec,
    string PixelFormat,
    int Width,
    int Height,
    double Fps,
    double Seconds
)
{
    /// <summary>
    /// Reads what <c>ffprobe -of json -show_streams</c> printed; null when there is no video track in it.
    /// </summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static VideoDescription? Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        if (
            document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("streams", out var streams)
            || streams.ValueKind != JsonValueKind.Array
            || streams.GetArrayLength() == 0
            || streams[0].ValueKind != JsonValueKind.Object
        )
        {
            return null;
        }

        var stream = streams[0];
        var (codec, width, height) = (Text("codec_name"), Whole("width"), Whole("height"));
        var average = Rate(Text("avg_frame_rate"));
        return new VideoDescription(
            codec.Length > 0 ? codec : Text("codec_tag_string"),
            Text("pix_fmt"),
            width,
            height,
            average > 0 ? average : Rate(Text("r_frame_rate")),
            Number(Text("duration"))
        );

        string Text(string name) =>
            stream.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : "";

        int Whole(string name) =>
            stream.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var number)
                ? number
                : 0;
    }

    /// <summary>A fraction such as <c>30000/1001</c>; 0 when it is none.</summary>
    private static double Rate(string text)
    {
        var parts = text.Split('/');
        if (parts.Length != 2)
            return 0;
        var rate = Number(parts[0]) / Number(parts[1]);
        return double.IsFinite(rate) && rate > 0 ? rate : 0;
    }

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number)
            ? number
            : 0;
}
