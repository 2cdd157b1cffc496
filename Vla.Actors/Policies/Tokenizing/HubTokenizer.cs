using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Tokenizing;

/// <summary>
/// Words to token ids as a <c>tokenizer.json</c> says, the form in which Hugging Face's tokenizers are saved: byte pair
/// encoding, with whatever is done to the text before and to the ids after it.
/// </summary>
/// <remarks>
/// Read are the pieces that language models of robots' policies have; a file that names another is refused by that
/// piece's name, as every id behind it would be wrong without a sign. Safe from any thread.
/// </remarks>
internal sealed class HubTokenizer
{
    /// <summary>As it is called in a policy's directory.</summary>
    public const string FileName = "tokenizer.json";

    /// <summary>Llama 3's has 9 MB.</summary>
    private const int MaximumFileBytes = 64 << 20;

    private readonly AddedTokens _added;
    private readonly Func<string, string> _normalise;
    private readonly Func<string, IEnumerable<string>> _split;
    private readonly BytePairs _pairs;
    private readonly IReadOnlyList<int> _before;
    private readonly IReadOnlyList<int> _after;

    private HubTokenizer(string file, JsonElement root)
    {
        var part = new TokenizerPart(file, "", root);
        _added = new AddedTokens(part.Optional("added_tokens"));
        _normalise = TextNormalising.Of(part.Optional("normalizer"));
        _split = TextSplitting.Of(part.Optional("pre_tokenizer"));
        _pairs = new BytePairs(part.Required("model"));
        (_before, _after) = Around(part.Optional("post_processor"));
        LargestId = Math.Max(_pairs.LargestId, _added.LargestId);
    }

    /// <summary>No id is larger.</summary>
    public int LargestId { get; }

    /// <exception cref="PolicyException">It cannot be read, or names something that is not known here.</exception>
    public static HubTokenizer Read(string file)
    {
        try
        {
            using var document = JsonText.Read(file, MaximumFileBytes);
            return new HubTokenizer(file, document.RootElement);
        }
        catch (JsonException e)
        {
            throw new PolicyException($"{file}: is not valid JSON ({ErrorText.FirstLine(e.Message)})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{file}: cannot be read ({e.Message})", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new PolicyException($"{file}: is no tokenizer ({ErrorText.FirstLine(e.Message)})", e);
        }
    }

    /// <summary>The ids of a text.</summary>
    /// <param name="text">Any.</param>
    /// <param name="isWhole">With what stands before and behind every text, such as the beginning's id.</param>
    public IReadOnlyList<int> Encode(string text, bool isWhole = true)
    {
        var ids = new List<int>();
        if (isWhole)
            ids.AddRange(_before);
        foreach (var (piece, id) in _added.Split(text))
        {
            if (id is { } known)
            {
                ids.Add(known);
                continue;
            }

            foreach (var word in _split(_normalise(piece)))
                _pairs.Encode(word, ids);
        }

        if (isWhole)
            ids.AddRange(_after);
        return ids;
    }

    private static (IReadOnlyList<int> Before, IReadOnlyList<int> After) Around(TokenizerPart? part)
    {
        switch (part?.Type)
        {
            case null or "ByteLevel":
                return ([], []);
            case "Sequence":
                var inner = part.Items("processors").Select(Around).ToList();
                return (
                    [.. inner.AsEnumerable().Reverse().SelectMany(one => one.Before)],
                    [.. inner.SelectMany(one => one.After)]
                );
            case "TemplateProcessing":
                return Template(part);
            case "BertProcessing" or "RobertaProcessing":
                return ([part.Required("cls").Item(1).Integer()], [part.Required("sep").Item(1).Integer()]);
            default:
                throw part.Unknown();
        }
    }

    private static (IReadOnlyList<int> Before, IReadOnlyList<int> After) Template(TokenizerPart part)
    {
        var (before, after, isBehind) = (new List<int>(), new List<int>(), false);
        foreach (var item in part.Items("single"))
        {
            if (item.Optional("SpecialToken") is { } special)
            {
                var ids = part.Required("special_tokens").Required(special.Required("id").Text()).Items("ids");
                (isBehind ? after : before).AddRange(ids.Select(id => id.Integer()));
            }
            else
            {
                isBehind = true;
            }
        }

        return (before, after);
    }
}
