using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Vla.Tests.Actors.Policies.Tokenizing;

/// <summary>Small tokenizers in the form of <c>tokenizer.json</c>.</summary>
internal static class Tokenizers
{
    /// <summary>As SmolVLM2's is built: each byte a token whose id is its value, digits by themselves.</summary>
    /// <param name="added">The id of <c>&lt;end&gt;</c>.</param>
    /// <param name="merges">Pairs that are joined, to ids from 300 on.</param>
    /// <param name="inPairs">Whether they are written as lists, as newer files have them.</param>
    public static string OfBytes(int added = 0, string[]? merges = null, bool inPairs = false)
    {
        var vocabulary = new JsonObject();
        var next = 256;
        for (var i = 0; i < 256; i++)
        {
            var isSeen = i is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            vocabulary[((char)(isSeen ? i : next++)).ToString()] = i;
        }

        var joined = 300;
        foreach (var merge in merges ?? [])
            vocabulary[merge.Replace(" ", "", StringComparison.Ordinal)] = joined++;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = added, ["content"] = "<end>" }),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Digits", ["individual_digits"] = true },
                    new JsonObject
                    {
                        ["type"] = "ByteLevel",
                        ["add_prefix_space"] = false,
                        ["use_regex"] = true,
                    }
                ),
            },
            ["post_processor"] = null,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([
                    .. (merges ?? []).Select(merge =>
                        inPairs ? (JsonNode)new JsonArray([.. merge.Split(' ').Select(one => (JsonNode)one)]) : merge
                    ),
                ]),
            },
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    /// <summary>As Llama 2's is built: a mark for each space, bytes for letters that it lacks.</summary>
    /// <param name="letters">Tokens of one letter, and what is joined of them.</param>
    /// <param name="merges">Pairs that are joined.</param>
    public static string OfLlama(string[] letters, params string[] merges)
    {
        var vocabulary = new JsonObject
        {
            ["<unk>"] = 0,
            ["<s>"] = 1,
            ["</s>"] = 2,
        };
        for (var i = 0; i < 256; i++)
            vocabulary[string.Create(CultureInfo.InvariantCulture, $"<0x{i:X2}>")] = 3 + i;
        foreach (var letter in letters)
            vocabulary[letter] = vocabulary.Count;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(
                new JsonObject { ["id"] = 0, ["content"] = "<unk>" },
                new JsonObject { ["id"] = 1, ["content"] = "<s>" },
                new JsonObject { ["id"] = 2, ["content"] = "</s>" }
            ),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" },
                    new JsonObject
                    {
                        ["type"] = "Replace",
                        ["pattern"] = new JsonObject { ["String"] = " " },
                        ["content"] = "▁",
                    }
                ),
            },
            ["pre_tokenizer"] = null,
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(
                    new JsonObject
                    {
                        ["SpecialToken"] = new JsonObject { ["id"] = "<s>", ["type_id"] = 0 },
                    },
                    new JsonObject
                    {
                        ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 },
                    }
                ),
                ["special_tokens"] = new JsonObject
                {
                    ["<s>"] = new JsonObject { ["id"] = "<s>", ["ids"] = new JsonArray(1) },
                },
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
            },
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }
}
