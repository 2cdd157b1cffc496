using System.Globalization;

namespace Vla.Runtime.Settings;

/// <summary>Brings the ways in which cameras can be set into one: a list of <c>[NAME=]SOURCE</c>.</summary>
/// <remarks>
/// <c>"camera": "0"</c> is one camera, <c>{ "front": "0", "wrist": "2" }</c> several by name, <c>["0", "wrist=2"]</c>
/// several as on the command line. Of a map <c>front</c> is the first, then the names go by the alphabet: settings have
/// no order.
/// </remarks>
internal static class CameraSettings
{
    public const string Key = "camera";

    /// <param name="values">One source of settings.</param>
    /// <param name="source">How a message names it.</param>
    /// <exception cref="UsageException">It is neither of these.</exception>
    public static IConfigurationRoot AsList(IConfigurationRoot values, string source)
    {
        var section = values.GetSection(Key);
        var pairs = values.AsEnumerable().Where(pair => !IsCamera(pair.Key)).ToList();
        var given = values.AsEnumerable().Where(pair => IsCamera(pair.Key)).ToList();
        if (given.Count == 0)
            return values;

        var children = section.GetChildren().ToList();
        if (children.Find(child => child.GetChildren().Any()) is { } group)
            throw Wrong(group.Path, "{ … }", source);
        var cameras = new List<string>();
        if (section.Value is { } one)
            cameras.Add(NotEmpty(section, one, source));
        else if (children.Count == 0)
            throw Wrong(Key, "", source); // {}
        cameras.AddRange(
            children
                .OrderBy(child => child.Key.Equals("front", StringComparison.OrdinalIgnoreCase) ? 0 : 1)
                .Select(child => (IsNumber(child.Key) ? "" : $"{child.Key}=") + NotEmpty(child, child.Value, source))
        );
        pairs.AddRange(
            cameras.Select(
                (camera, i) =>
                    KeyValuePair.Create(string.Create(CultureInfo.InvariantCulture, $"{Key}:{i}"), (string?)camera)
            )
        );
        return new ConfigurationBuilder().AddInMemoryCollection(pairs).Build();
    }

    private static bool IsCamera(string key) =>
        key.Equals(Key, StringComparison.OrdinalIgnoreCase)
        || key.StartsWith($"{Key}:", StringComparison.OrdinalIgnoreCase);

    private static bool IsNumber(string key) => key.All(char.IsAsciiDigit);

    private static string NotEmpty(IConfigurationSection at, string? value, string source) =>
        string.IsNullOrWhiteSpace(value) ? throw Wrong(at.Path, value ?? "", source) : value;

    private static UsageException Wrong(string path, string value, string source) =>
        new(
            $"setting '{path.ToLowerInvariant()}' is '{value}' ({source}): allowed is a camera, or a map of cameras "
                + "by name, "
                + "like { \"front\": \"0\", \"wrist\": \"/dev/video2\" }"
        );
}
