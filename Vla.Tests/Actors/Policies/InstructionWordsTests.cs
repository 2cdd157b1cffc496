using System.Text;
using Vla.Actors.Policies;

namespace Vla.Tests.Actors.Policies;

public sealed class InstructionWordsTests
{
    [Theory]
    [InlineData("Put the 📦 down!", "put", "the", "📦", "down", "!")]
    [InlineData("👍🏽", "👍", "🏽")]
    [InlineData("größe 日本", "größe", "日本")]
    [InlineData("𠀀b", "𠀀", "b")]
    [InlineData("two\nlines", "two", "lines")]
    [InlineData("")]
    public void An_instruction_is_its_words_and_marks(string text, params string[] words) =>
        Assert.Equal(words, InstructionTokenizer.Words(text));

    [Fact]
    public void Each_can_be_a_line_of_a_vocabulary_and_is_found_there()
    {
        using var directory = new TemporaryDirectory();
        string[] tokens = ["[PAD]", "[UNK]", .. InstructionTokenizer.Words("put the 📦 → there 👍🏽 𠀀")];
        var file = directory.Write("vocab.txt", Encoding.UTF8.GetBytes(string.Join('\n', tokens)));

        var tokenizer = InstructionTokenizer.Load(file, 8, PaddingSide.Right);

        Assert.Equal([2L, 3, 4, 5, 6, 7, 8, 9], tokenizer.Encode("put the 📦 → there 👍🏽 𠀀"));
    }
}
