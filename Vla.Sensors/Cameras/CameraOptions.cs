using System.Globalization;

namespace Vla.Sensors.Cameras;

/// <summary>Reads what follows the <c>?</c> in <c>--camera</c>: <c>size=640x480&amp;fps=30&amp;loop</c>.</summary>
internal sealed class CameraOptions
{
    private const int MaximumLength = 16_384;
    private const double MaximumFps = 1_000;

    private readonly string _camera;
    private readonly Dictionary<string, string?> _values = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];

    private CameraOptions(string camera) => _camera = camera;

    /// <summary>What is before the options.</summary>
    public static string NameIn(string text) => text.LastIndexOf('?') is >= 0 and var mark ? text[..mark] : text;

    /// <summary>Splits <c>NAME?OPTIONS</c>.</summary>
    /// <exception cref="CameraException">An option is given twice.</exception>
    public static (string Name, CameraOptions Options) Split(string text)
    {
        var mark = text.LastIndexOf('?');
        var options = new CameraOptions(text);
        if (mark < 0)
            return (text, options);

        foreach (var option in text[(mark + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = option.IndexOf('=', StringComparison.Ordinal);
            var (key, value) = equals < 0 ? (option, null) : (option[..equals], option[(equals + 1)..]);
            if (!options._values.TryAdd(key, value))
                throw options.Wrong($"gives '{key}' twice");
        }

        return (text[..mark], options);
    }

    /// <summary>Picture size in pixels from <c>size=WIDTHxHEIGHT</c>; null when not given.</summary>
    public (int Width, int Height)? TakeSize()
    {
        if (!Take("size", out var value))
            return null;
        var parts = value?.Split('x') ?? [];
        if (parts.Length == 2 && TryLength(parts[0], out var width) && TryLength(parts[1], out var height))
            return (width, height);
        throw Wrong($"has size '{value}'; write size=WIDTHxHEIGHT, each 1 to {MaximumLength}, like size=640x480");
    }

    /// <summary>Frames a second from <c>fps=N</c>; null when not given.</summary>
    public double? TakeFps()
    {
        if (!Take("fps", out var value))
            return null;
        if (
            double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var fps)
            && fps is >= 1 and <= MaximumFps
        )
            return fps;
        throw Wrong($"has fps '{value}'; write fps=N, 1 to {MaximumFps}, like fps=30");
    }

    /// <summary>True when the bare word <paramref name="name"/> is given.</summary>
    public bool TakeFlag(string name)
    {
        if (!Take(name, out var value))
            return false;
        return value is null ? true : throw Wrong($"gives '{name}' a value; write just '{name}'");
    }

    /// <summary>Call after the last Take.</summary>
    /// <exception cref="CameraException">An option was given that nobody took.</exception>
    public void RefuseOthers()
    {
        if (_values.Count == 0)
            return;
        throw Wrong(
            $"has an unknown option '{_values.Keys.First()}'; this kind of camera takes {string.Join(", ", _known)}"
        );
    }

    private bool Take(string key, out string? value)
    {
        _known.Add(key);
        return _values.Remove(key, out value);
    }

    private CameraException Wrong(string what) => new($"camera '{_camera}' {what}");

    private static bool TryLength(string text, out int length) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length)
        && length is >= 1 and <= MaximumLength;
}
