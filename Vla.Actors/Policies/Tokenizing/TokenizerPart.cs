using System.Text.Json;
using System.Text.RegularExpressions;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Policies.Tokenizing;

/// <summary>A part of a <c>tokenizer.json</c>, with its place for messages.</summary>
internal sealed record TokenizerPart(string File, string Place, JsonElement Json)
{
    /// <summary>What its <c>type</c> says; empty for none.</summary>
    public string Type =>
        Json.ValueKind == JsonValueKind.Object
        && Json.TryGetProperty("type", out var type)
        && type.ValueKind == JsonValueKind.String
            ? type.GetString()!
            : "";

    public TokenizerPart? Optional(string key) =>
        Json.ValueKind == JsonValueKind.Object
        && Json.TryGetProperty(key, out var value)
        && value.ValueKind != JsonValueKind.Null
            ? Below(key, value)
            : null;

    public TokenizerPart Required(string key) =>
        Optional(key) ?? throw new PolicyException($"{File}: {(Place.Length > 0 ? $"{Place} has" : "has")} no '{key}'");

    public IEnumerable<TokenizerPart> Items(string key) => Required(key).Items();

    public IEnumerable<TokenizerPart> Items() =>
        Json.ValueKind == JsonValueKind.Array
            ? Json.EnumerateArray().Select((item, i) => Below($"[{i}]", item))
            : throw new PolicyException($"{File}: {Place} is no list");

    public TokenizerPart Item(int i) =>
        Items().ElementAtOrDefault(i) ?? throw new PolicyException($"{File}: {Place} has no item {i}");

    public string Text() =>
        Json.ValueKind == JsonValueKind.String
            ? Json.GetString()!
            : throw new PolicyException($"{File}: {Place} is no text");

    public string? OptionalText(string key) => Optional(key)?.Text();

    public int Integer() =>
        Json.ValueKind == JsonValueKind.Number && Json.TryGetInt32(out var number) && number >= 0
            ? number
            : throw new PolicyException($"{File}: {Place} is no whole number of 0 or more");

    public bool Flag(string key, bool ifMissing = false) =>
        Optional(key)?.Json.ValueKind switch
        {
            null => ifMissing,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new PolicyException($"{File}: {Place}.{key} is neither true nor false"),
        };

    /// <summary>A <c>pattern</c>: a text, or a regular expression.</summary>
    public Regex Pattern()
    {
        var pattern = Required("pattern");
        var expression = pattern.OptionalText("Regex") ?? Regex.Escape(pattern.Required("String").Text());
        return new Regex(expression, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
    }

    /// <summary>That it is of a kind that is not known here.</summary>
    public PolicyException Unknown() =>
        new($"{File}: {Place} is of the type '{ErrorText.Bounded(Type)}', which is not known here");

    private TokenizerPart Below(string key, JsonElement value) =>
        new(File, Place.Length == 0 || key[0] == '[' ? $"{Place}{key}" : $"{Place}.{key}", value);
}
