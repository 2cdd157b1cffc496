using System.Globalization;
using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged;

namespace Vla.Actors.Policies;

/// <summary>
/// One object of a <c>config.json</c>, read key by key. A wrong value names file, key, value and allowed range; a key
/// that nobody asked for is an error (<see cref="CheckUnknown"/>).
/// </summary>
public sealed class ConfigSection
{
    private readonly string _file;
    private readonly string _path;
    private readonly JsonElement _object;
    private readonly List<string> _known = [];

    /// <param name="file">The file, named in errors.</param>
    /// <param name="path">Where in the file: <c>stages.fusion</c>; empty for the whole.</param>
    /// <param name="json">An object.</param>
    /// <exception cref="PolicyException"><paramref name="json"/> is not an object.</exception>
    public ConfigSection(string file, string path, JsonElement json)
    {
        _file = file;
        _path = path;
        _object = json;
        if (json.ValueKind != JsonValueKind.Object)
            throw new PolicyException(
                $"{file}: {(path.Length == 0 ? "the file" : path)} is {Shown(json)}, allowed is an object {{ … }}"
            );
    }

    /// <summary>A whole file: JSON, in which comments are allowed.</summary>
    /// <exception cref="PolicyException">It cannot be read, or is no JSON object.</exception>
    public static ConfigSection Read(string file)
    {
        using var document = ConfigFile.Parse(file);
        return new ConfigSection(file, "", document.RootElement.Clone());
    }

    /// <summary>
    /// A lower bound of the parameters that the sizes in this section ask for; see <see cref="StageSettings.AtLeast"/>.
    /// </summary>
    internal long LeastParameters { get; set; }

    /// <summary>True where the file's authors write <c>null</c> for a key that they might have left out.</summary>
    public bool NullIsMissing { get; init; }

    /// <summary>The policy's directory.</summary>
    public string Directory => Path.GetDirectoryName(Path.GetFullPath(_file))!;

    /// <summary>The section's keys, in the file's order.</summary>
    public IReadOnlyList<string> Keys => [.. _object.EnumerateObject().Select(property => property.Name)];

    /// <summary>Whether the key is there, with something else than null.</summary>
    public bool Has(string key) => Optional(key) is not null;

    /// <summary>Whether the key is there and its value a list.</summary>
    public bool HasList(string key) => Optional(key) is { ValueKind: JsonValueKind.Array };

    /// <summary>Whether the key is there and its value an object.</summary>
    public bool HasObject(string key) => Optional(key) is { ValueKind: JsonValueKind.Object };

    /// <summary>An object that must be there.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public ConfigSection Section(string key) => Below(key, Required(key, "an object { … }"));

    /// <summary>An object; null when it is left out.</summary>
    /// <exception cref="PolicyException">It is something else.</exception>
    public ConfigSection? OptionalSection(string key) => Optional(key) is { } value ? Below(key, value) : null;

    /// <summary>A list of objects.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public IReadOnlyList<ConfigSection> Sections(string key, int maximumCount)
    {
        var allowed = $"a list of at most {maximumCount} objects";
        return [.. List(key, 0, maximumCount, allowed).Select((item, i) => Below($"{key}[{i}]", item))];
    }

    /// <summary>A file inside the policy's directory; a policy is a directory that can be copied whole.</summary>
    /// <param name="key">Of the name, for the error.</param>
    /// <param name="name">Relative to the directory.</param>
    /// <exception cref="PolicyException">It would be outside.</exception>
    public string InDirectory(string key, string name) =>
        Path.IsPathRooted(name) || name.Split('/', '\\').Contains("..") || name.Any(char.IsControl)
            ? throw Wrong(key, $"\"{ErrorText.Bounded(name)}\"", "a file inside the policy's directory")
            : Path.Combine(Directory, name);

    /// <summary>A text that must be there and is not empty.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public string Text(string key, int maximumLength) => Text(key, Required(key, "text"), maximumLength);

    /// <summary>A text; null when it is left out.</summary>
    /// <exception cref="PolicyException">It is something else.</exception>
    public string? OptionalText(string key, int maximumLength) =>
        Optional(key) is { } value ? Text(key, value, maximumLength) : null;

    /// <summary>True or false; null when it is left out.</summary>
    /// <exception cref="PolicyException">It is something else.</exception>
    public bool? OptionalFlag(string key) =>
        Optional(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            { } other => throw Wrong(key, other, "true or false"),
        };

    /// <summary>A text that must be one of a few.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public string Choice(string key, params ReadOnlySpan<string> choices) => Choice(key, choices.ToArray(), orElse: "");

    /// <summary>One of several texts.</summary>
    /// <param name="key">Of the text.</param>
    /// <param name="choices">In any order.</param>
    /// <param name="orElse">What the error says besides them; empty for nothing.</param>
    internal string Choice(string key, IEnumerable<string> choices, string orElse)
    {
        var known = choices.Order(StringComparer.Ordinal).ToList();
        var allowed = string.Join(", ", known.Append(orElse).Where(text => text.Length > 0));
        var value = Required(key, allowed);
        return value.ValueKind == JsonValueKind.String && known.Contains(value.GetString()!)
            ? value.GetString()!
            : throw Wrong(key, value, allowed);
    }

    /// <summary>Null when the key is not there.</summary>
    /// <exception cref="PolicyException">It is something else.</exception>
    public string? OptionalChoice(string key, params ReadOnlySpan<string> choices) =>
        Optional(key) is null ? null : Choice(key, choices);

    /// <summary>A whole number that must be there and in its range.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public int Integer(string key, int minimum, int maximum)
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"{minimum} to {maximum}, whole");
        var value = Required(key, allowed);
        return IsInteger(value, minimum, maximum, out var number) ? number : throw Wrong(key, value, allowed);
    }

    /// <summary>A whole number in its range.</summary>
    /// <exception cref="PolicyException">It is something else.</exception>
    public int OptionalInteger(string key, int minimum, int maximum, int ifMissing) =>
        Optional(key) is null ? ifMissing : Integer(key, minimum, maximum);

    /// <summary>A number in its range.</summary>
    /// <exception cref="PolicyException">It is something else.</exception>
    public double OptionalNumber(string key, double minimum, double maximum, double ifMissing) =>
        Optional(key) is null ? ifMissing : Number(key, minimum, maximum);

    /// <summary>A number that must be there and in its range.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public double Number(string key, double minimum, double maximum) =>
        Number(key, Required(key, Range(minimum, maximum)), minimum, maximum);

    /// <summary>A list of so many numbers, each in the range.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public IReadOnlyList<float> Numbers(string key, int count, double minimum, double maximum)
    {
        var allowed = $"a list of {count} numbers, each {Range(minimum, maximum)}";
        return
        [
            .. List(key, count, count, allowed)
                .Select((item, i) => (float)Number($"{key}[{i}]", item, minimum, maximum)),
        ];
    }

    /// <summary>A list of numbers with all their digits.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public IReadOnlyList<double> Doubles(string key, int minimumCount, int maximumCount)
    {
        const double most = 1e30;
        var allowed =
            minimumCount == maximumCount
                ? $"a list of {minimumCount} numbers"
                : $"a list of {minimumCount} to {maximumCount} numbers";
        return
        [
            .. List(key, minimumCount, maximumCount, allowed)
                .Select((item, i) => Number($"{key}[{i}]", item, -most, most)),
        ];
    }

    /// <summary>A list of true and false.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public IReadOnlyList<bool> Flags(string key, int count)
    {
        var allowed = $"a list of {count} times true or false";
        var items = List(key, count, count, allowed);
        return items.All(item => item.ValueKind is JsonValueKind.True or JsonValueKind.False)
            ? [.. items.Select(item => item.GetBoolean())]
            : throw Wrong(key, Required(key, allowed), allowed);
    }

    /// <summary>A list of whole numbers.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public IReadOnlyList<int> Integers(string key, int minimumCount, int maximumCount, int minimum, int maximum)
    {
        var allowed = string.Create(
            CultureInfo.InvariantCulture,
            $"a list of {minimumCount} to {maximumCount} whole numbers, each {minimum} to {maximum}"
        );
        return
        [
            .. List(key, minimumCount, maximumCount, allowed)
                .Select(item =>
                    IsInteger(item, minimum, maximum, out var number)
                        ? number
                        : throw Wrong(key, Required(key, allowed), allowed)
                ),
        ];
    }

    /// <summary>A list of texts, none of them empty.</summary>
    /// <exception cref="PolicyException">It is missing, or something else.</exception>
    public IReadOnlyList<string> Texts(string key, int minimumCount, int maximumCount, int maximumLength)
    {
        var allowed =
            minimumCount == maximumCount
                ? $"a list of {minimumCount} texts"
                : $"a list of {minimumCount} to {maximumCount} texts";
        return
        [
            .. List(key, minimumCount, maximumCount, allowed)
                .Select((item, i) => Text($"{key}[{i}]", item, maximumLength)),
        ];
    }

    /// <summary>None when the key is not there.</summary>
    /// <exception cref="PolicyException">It is something else.</exception>
    public IReadOnlyList<string> OptionalTexts(string key, int maximumCount, int maximumLength) =>
        Optional(key) is null ? [] : Texts(key, 0, maximumCount, maximumLength);

    /// <summary>Call when every key has been asked for.</summary>
    /// <exception cref="PolicyException">There are further keys.</exception>
    public void CheckUnknown()
    {
        foreach (var property in _object.EnumerateObject())
        {
            if (!_known.Contains(property.Name))
                throw new PolicyException(
                    $"{_file}: unknown key '{Key(ErrorText.Bounded(property.Name))}'; known here are "
                        + $"{string.Join(", ", _known)}"
                );
        }
    }

    /// <summary>An error about one of this section's values.</summary>
    public PolicyException Wrong(string key, string value, string allowed) =>
        new($"{_file}: {Key(key)} is {value}, allowed is {allowed}");

    private PolicyException Wrong(string key, JsonElement value, string allowed) => Wrong(key, Shown(value), allowed);

    private string Text(string key, JsonElement value, int maximumLength) =>
        value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } text
        && text.Length <= maximumLength
            ? text
            : throw Wrong(key, value, $"text of 1 to {maximumLength} characters");

    private double Number(string key, JsonElement value, double minimum, double maximum) =>
        value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var number)
        && number >= minimum
        && number <= maximum
            ? number
            : throw Wrong(key, value, Range(minimum, maximum));

    private IReadOnlyList<JsonElement> List(string key, int minimumCount, int maximumCount, string allowed)
    {
        var list = Required(key, allowed);
        return
            list.ValueKind == JsonValueKind.Array
            && list.GetArrayLength() >= minimumCount
            && list.GetArrayLength() <= maximumCount
            ? [.. list.EnumerateArray()]
            : throw Wrong(key, list, allowed);
    }

    private JsonElement Required(string key, string allowed) =>
        Optional(key) ?? throw new PolicyException($"{_file}: {Key(key)} is missing, allowed is {allowed}");

    private JsonElement? Optional(string key)
    {
        if (!_known.Contains(key))
            _known.Add(key);
        if (!_object.TryGetProperty(key, out var value))
            return null;
        return NullIsMissing && value.ValueKind == JsonValueKind.Null ? null : value;
    }

    private ConfigSection Below(string key, JsonElement value) =>
        new(_file, Key(key), value) { NullIsMissing = NullIsMissing };

    private static bool IsInteger(JsonElement value, int minimum, int maximum, out int number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out number)
            && number >= minimum
            && number <= maximum;
    }

    /// <summary>A key as errors name it: <c>image.width</c>.</summary>
    internal string Key(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    private static string Range(double minimum, double maximum) =>
        string.Create(CultureInfo.InvariantCulture, $"{minimum} to {maximum}");

    private static string Shown(JsonElement value) => ErrorText.Bounded(value.GetRawText());
}
