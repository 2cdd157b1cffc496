using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Tokenizers;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Policies.Tokenizing;

/// <summary>The model of a <c>tokenizer.json</c>: a word's letters, joined pair by pair.</summary>
internal sealed class BytePairs
{
    private readonly BpeTokenizer _model;
    private readonly Dictionary<string, int> _vocabulary = new(StringComparer.Ordinal);
    private readonly bool _ignoresMerges;
    private readonly bool _fusesUnknown;
    private readonly int? _unknown;
    private readonly int[]? _bytes;
    private readonly string _suffix;
    private readonly string _prefix;

    /// <param name="part">The file's <c>model</c>.</param>
    /// <exception cref="PolicyException">It is of another kind, or malformed.</exception>
    public BytePairs(TokenizerPart part)
    {
        if (part.Type is not ("BPE" or ""))
            throw part.Unknown();
        if (
            part.Optional("dropout") is { Json.ValueKind: JsonValueKind.Number } dropout
            && dropout.Json.GetDouble() > 0
        )
            throw new PolicyException($"{part.File}: model.dropout is above 0: it would read words by chance");
        var vocabulary = part.Required("vocab").Json;
        if (vocabulary.ValueKind != JsonValueKind.Object)
            throw new PolicyException($"{part.File}: model.vocab is no object of tokens and ids");
        foreach (var token in vocabulary.EnumerateObject())
        {
            if (token.Value.ValueKind != JsonValueKind.Number || !token.Value.TryGetInt32(out var id) || id < 0)
                throw new PolicyException($"{part.File}: model.vocab has no id for '{ErrorText.Bounded(token.Name)}'");
            _vocabulary[token.Name] = id;
        }

        var unknown = part.OptionalText("unk_token");
        _unknown =
            unknown is null ? null
            : _vocabulary.TryGetValue(unknown, out var unknownId) ? unknownId
            : throw new PolicyException($"{part.File}: model.unk_token '{ErrorText.Bounded(unknown)}' is not in vocab");
        _ignoresMerges = part.Flag("ignore_merges");
        _fusesUnknown = part.Flag("fuse_unk");
        _bytes = part.Flag("byte_fallback") ? Bytes() : null;
        _prefix = part.OptionalText("continuing_subword_prefix") ?? "";
        _suffix = part.OptionalText("end_of_word_suffix") ?? "";
        _model = BpeTokenizer.Create(
            new BpeOptions(_vocabulary)
            {
                Merges = part.Items("merges").Select(Merge),
                // Without one the library splits at spaces and marks.
                PreTokenizer = new WholePiece(),
                Normalizer = null,
                ContinuingSubwordPrefix = _prefix.Length > 0 ? _prefix : null,
                EndOfWordSuffix = _suffix.Length > 0 ? _suffix : null,
            }
        );
    }

    /// <summary>No id is larger.</summary>
    public int LargestId => _vocabulary.Values.DefaultIfEmpty(0).Max();

    /// <summary>Adds the ids of a word.</summary>
    public void Encode(string word, List<int> ids)
    {
        if (_ignoresMerges && _vocabulary.TryGetValue(word, out var whole))
        {
            ids.Add(whole);
            return;
        }

        // A letter that the vocabulary lacks joins with no other: what is between such letters is joined by itself.
        var known = new StringBuilder();
        var wasUnknown = false;
        var at = 0;
        foreach (var rune in word.EnumerateRunes())
        {
            var letter = rune.ToString();
            var isFirst = at == 0;
            at += rune.Utf16SequenceLength;
            if (Has(letter, isFirst, at == word.Length))
            {
                known.Append(letter);
                wasUnknown = false;
                continue;
            }

            Flush();
            if (_bytes is not null && Encoding.UTF8.GetBytes(letter) is var bytes && bytes.All(one => _bytes[one] >= 0))
                ids.AddRange(bytes.Select(one => _bytes[one]));
            else if (_unknown is { } id && !(wasUnknown && _fusesUnknown))
                ids.Add(id);
            wasUnknown = true;
        }

        Flush();

        void Flush()
        {
            if (known.Length > 0)
                ids.AddRange(_model.EncodeToIds(known.ToString()));
            known.Clear();
        }
    }

    private bool Has(string letter, bool isFirst, bool isLast) =>
        _vocabulary.ContainsKey($"{(isFirst ? "" : _prefix)}{letter}{(isLast ? _suffix : "")}");

    // "a b", and in newer files ["a", "b"].
    private static string Merge(TokenizerPart merge) =>
        merge.Json.ValueKind == JsonValueKind.Array ? $"{merge.Item(0).Text()} {merge.Item(1).Text()}" : merge.Text();

    private int[] Bytes() =>
        [
            .. Enumerable
                .Range(0, 256)
                .Select(one =>
                    _vocabulary.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{one:X2}>"), -1)
                ),
        ];

    /// <summary>What comes is a word already.</summary>
    private sealed class WholePiece : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => [(0, text.Length)];

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) =>
            [(0, text.Length)];
    }
}
