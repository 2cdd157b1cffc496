using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using Vla.Actors.Checkpoints;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies;

/// <summary>Which end of a short sentence is filled up with <c>[PAD]</c>.</summary>
internal enum PaddingSide
{
    /// <summary>For encoders that read the last position, as the notebook's does: there stands the last word.</summary>
    Left,

    /// <summary>For encoders that read the first position or mask the padding themselves.</summary>
    Right,
}

/// <summary>Turns an instruction into the fixed number of token ids that a language encoder wants.</summary>
/// <remarks>
/// Lower case; split into words and punctuation; each word the longest pieces that the vocabulary has (WordPiece:
/// <c>grasped</c> → <c>grasp ##ed</c>), or <c>[UNK]</c>. Punctuation that the vocabulary lacks is left out: "red
/// block." is "red block". What is too long is refused: two sentences that differ only behind the end would be the same
/// to the policy.
/// </remarks>
internal sealed partial class InstructionTokenizer
{
    public const string PadToken = "[PAD]";
    public const string UnknownToken = "[UNK]";

    /// <summary>Where the words are that a policy knows.</summary>
    internal const string VocabularyHint = "vocab.txt in the policy's directory lists those it knows";

    private const int MaximumFileBytes = 32 << 20;
    private const int MaximumTokens = 1_000_000;

    private readonly WordPieceTokenizer _words;
    private readonly PaddingSide _padding;

    private InstructionTokenizer(
        WordPieceTokenizer words,
        int padId,
        int unknownId,
        int vocabularySize,
        int sequenceLength,
        PaddingSide padding
    )
    {
        _words = words;
        PadId = padId;
        UnknownId = unknownId;
        VocabularySize = vocabularySize;
        SequenceLength = sequenceLength;
        _padding = padding;
    }

    /// <summary>Token ids go from 0 to one less than this.</summary>
    public int VocabularySize { get; }

    /// <summary>The id of <c>[PAD]</c>.</summary>
    public int PadId { get; }

    /// <summary>The id of <c>[UNK]</c>.</summary>
    public int UnknownId { get; }

    /// <summary>Token ids in every encoded instruction.</summary>
    public int SequenceLength { get; }

    /// <param name="file">A <c>vocab.txt</c>: one token a line, UTF-8; a token's id is its line's number, from
    /// 0.</param>
    /// <param name="sequenceLength">Token ids wanted for every instruction.</param>
    /// <param name="padding">Where <c>[PAD]</c> goes.</param>
    /// <exception cref="PolicyException">The file is missing, has no <c>[PAD]</c> or <c>[UNK]</c>, or names a token
    /// twice.</exception>
    public static InstructionTokenizer Load(string file, int sequenceLength, PaddingSide padding)
    {
        var tokens = ReadTokens(file);
        var ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
        {
            if (tokens[id].Length == 0)
                throw new PolicyException($"{file}: line {id + 1} is empty; each line is one token");
            if (!ids.TryAdd(tokens[id], id))
                throw new PolicyException(
                    $"{file}: line {id + 1} repeats '{ErrorText.Bounded(tokens[id])}' of line {ids[tokens[id]] + 1}"
                );
        }
        foreach (var needed in (string[])[PadToken, UnknownToken])
        {
            if (!ids.ContainsKey(needed))
                throw new PolicyException($"{file}: has no line {needed}");
        }

        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', tokens)));
        var words = WordPieceTokenizer.Create(
            stream,
            new WordPieceOptions
            {
                Normalizer = new LowerCaseNormalizer(),
                PreTokenizer = new RegexPreTokenizer(WordOrMark(), specialTokens: null),
                UnknownToken = UnknownToken,
            }
        );
        return new InstructionTokenizer(
            words,
            ids[PadToken],
            ids[UnknownToken],
            tokens.Length,
            sequenceLength,
            padding
        );
    }

    /// <summary>The token ids of an instruction, always <see cref="SequenceLength"/> of them.</summary>
    /// <exception cref="PolicyException">It is too long; <see cref="Read"/> tells beforehand.</exception>
    public long[] Encode(string instruction)
    {
        var words = Read(instruction);
        if (words.TooLong is { } problem)
            throw new PolicyException(problem);
        var encoded = new long[SequenceLength];
        Array.Fill(encoded, PadId);
        var start = _padding == PaddingSide.Left ? SequenceLength - words.Ids.Count : 0;
        for (var i = 0; i < words.Ids.Count; i++)
            encoded[start + i] = words.Ids[i];
        return encoded;
    }

    /// <summary>
    /// What this vocabulary makes of an instruction, before anything is done with it. Safe from any thread.
    /// </summary>
    public InstructionWords Read(string instruction)
    {
        var ids = new List<int>();
        var unknown = new List<string>();
        var known = 0;
        var fitting = 0;
        foreach (Match match in WordOrMark().Matches(instruction))
        {
            var pieces = _words.EncodeToIds(match.Value);
            var isKnown = !pieces.Contains(UnknownId);
            var isMark =
                char.IsPunctuation(match.Value[0]) || (char.IsAscii(match.Value[0]) && char.IsSymbol(match.Value[0]));
            if (isMark && !isKnown)
                continue;
            if (isKnown && !isMark)
                known++;
            if (!isKnown && !unknown.Contains(match.Value, StringComparer.OrdinalIgnoreCase))
                unknown.Add(match.Value);
            ids.AddRange(pieces);
            if (ids.Count <= SequenceLength)
                fitting = match.Index + match.Length;
        }

        return new InstructionWords(instruction, ids, known, unknown, SequenceLength, fitting);
    }

    /// <summary>
    /// The words and punctuation marks of a text, in lower case: what a vocabulary of whole words is made of.
    /// </summary>
    public static IEnumerable<string> Words(string text) =>
        WordOrMark().Matches(text.ToLowerInvariant()).Select(match => match.Value);

    private static string[] ReadTokens(string file)
    {
        try
        {
            var count = Utf8Text.ReadBytes(file, MaximumFileBytes).Span.Count((byte)'\n');
            // Before there is a string for each.
            if (count > MaximumTokens)
                throw new PolicyException($"{file}: has {count:N0} lines; a vocabulary has at most {MaximumTokens:N0}");
            return Utf8Text.ReadLines(file, MaximumFileBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{file}: cannot be read ({e.Message})", e);
        }
    }

    // What takes two UTF-16 units, an emoji for one, is one mark: half of it is no text and cannot be written.
    [GeneratedRegex(@"\w+|[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\w\s]")]
    private static partial Regex WordOrMark();
}
