using System.Text;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Tokenizing;

namespace Vla.Tests.Actors.Policies.Tokenizing;

/// <summary>Words to ids as a <c>tokenizer.json</c> says.</summary>
public sealed class HubTokenizerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Letters_are_joined_in_the_order_of_the_merges_and_never_across_words(bool inPairs)
    {
        var tokenizer = Read(Tokenizers.OfBytes(merges: ["t h", "th e", "Ġ the", "c k"], inPairs: inPairs));

        Assert.Equal([302, 'b', 'l', 'o', 303, '\n'], tokenizer.Encode(" theblock\n"));
        Assert.Equal([301, ' ', 'c', ' ', 'k'], tokenizer.Encode("the c k"));
    }

    [Fact]
    public void Digits_stand_by_themselves_and_letters_beyond_ascii_are_their_bytes()
    {
        var tokenizer = Read(Tokenizers.OfBytes(merges: ["1 2"]));

        Assert.Equal(['1', '2'], tokenizer.Encode("12"));
        Assert.Equal(Encoding.UTF8.GetBytes("ü🤖").Select(one => (int)one), tokenizer.Encode("ü🤖"));
    }

    [Fact]
    public void Added_tokens_are_found_as_they_stand()
    {
        var tokenizer = Read(Tokenizers.OfBytes(added: 299, merges: ["e n"]));

        Assert.Equal(['a', 299, 300], tokenizer.Encode("a<end>en"));
        Assert.Equal(300, tokenizer.LargestId);
    }

    [Fact]
    public void A_Llama_puts_its_beginning_first_marks_spaces_and_spells_what_it_lacks_in_bytes()
    {
        var tokenizer = Read(Tokenizers.OfLlama(["▁", "a", "b", "▁a", "ab"], "▁ a", "a b"));
        const int first = 259;

        // ▁ab: the first merge wins.
        Assert.Equal([1, first + 3, first + 2], tokenizer.Encode("ab"));
        Assert.Equal([1, first, first + 2, first + 3], tokenizer.Encode("b a"));
        Assert.Equal([1, first, 3 + 0xC3, 3 + 0xA4, first + 4], tokenizer.Encode("äab"));
        Assert.Equal([first + 3], tokenizer.Encode("a", isWhole: false));
    }

    [Theory]
    [InlineData(
        "\"type\": \"BPE\"",
        "\"type\": \"Unigram\"",
        "model is of the type 'Unigram', which is not known here"
    )]
    [InlineData("\"type\": \"Digits\"", "\"type\": \"Spelling\"", "pre_tokenizer.pretokenizers[0] is of the type")]
    [InlineData("\"merges\": [", "\"merges_\": [", "model has no 'merges'")]
    [InlineData("\"id\": 0", "\"id\": -1", "added_tokens[0].id is no whole number")]
    [InlineData("\"t h\"", "\"t x\"", "tokenizer.json")]
    [InlineData("\"normalizer\": null", "\"normalizer\": { \"type\": \"Precompiled\" }", "normalizer is of the type")]
    public void What_is_not_known_or_malformed_is_named(string old, string replacement, string message)
    {
        var text = Tokenizers.OfBytes(merges: ["t h"]);
        Assert.Contains(old, text, StringComparison.Ordinal);

        Assert.Contains(
            message,
            Assert
                .Throws<PolicyException>(() => Read(text.Replace(old, replacement, StringComparison.Ordinal)))
                .Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"model\": 7}")]
    [InlineData("{\"model\": {\"vocab\": [], \"merges\": []}}")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": \"b\"}, \"merges\": []}}")]
    [InlineData("not json")]
    public void A_file_that_is_no_tokenizer_is_refused_in_one_line(string text)
    {
        var message = Assert.Throws<PolicyException>(() => Read(text)).Message;

        Assert.StartsWith(_directory.File("tokenizer.json"), message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private HubTokenizer Read(string text)
    {
        File.WriteAllText(_directory.File("tokenizer.json"), text);
        return HubTokenizer.Read(_directory.File("tokenizer.json"));
    }
}
