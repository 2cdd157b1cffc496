using Vla.Actors.Policies;

namespace Vla.Tests.Actors.Policies;

public sealed class InstructionTokenizerTests : IDisposable
{
    private const int SequenceLength = 6;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Words_become_their_line_numbers_in_lower_case() =>
        Assert.Equal([0, 0, 0, 2, 3, 5], Load().Encode("Red BLOCK!"));

    [Fact]
    public void The_last_word_stands_last_when_padding_is_on_the_left() =>
        Assert.Equal(3, Load().Encode("the red block")[^1]);

    [Fact]
    public void Padding_can_be_on_the_right() =>
        Assert.Equal([2, 3, 0, 0, 0, 0], Load(PaddingSide.Right).Encode("red block"));

    [Fact]
    public void A_word_is_spelled_from_its_pieces() => Assert.Equal([0, 0, 0, 0, 3, 4], Load().Encode("blocked"));

    [Fact]
    public void An_unknown_word_is_one_token() => Assert.Equal([0, 0, 0, 1, 2, 1], Load().Encode("héllo red 方"));

    [Fact]
    public void A_sentence_that_is_too_long_is_refused_with_how_much_of_it_fits()
    {
        var words = Load().Read("red red red, red red! blocked");
        Assert.Equal(
            "the instruction is too long for the policy: it has 8 tokens (words, parts of words, marks), and 6 are "
                + "read, "
                + "as far as \"red red red, red red!\": say it in fewer words",
            words.TooLong
        );
        Assert.Equal(
            words.TooLong,
            Assert.Throws<PolicyException>(() => Load().Encode("red red red, red red! blocked")).Message
        );
        Assert.Null(Load().Read("red red red, red red!").TooLong);
        Assert.Equal([2, 2, 2, 2, 2, 5], Load().Encode("red red red, red red!"));
    }

    [Theory]
    [InlineData("Red BLOCK!", 2)]
    [InlineData("the florb, the FLORB and 方 🍎", 2, "florb", "and", "方", "🍎")]
    [InlineData("héllo", 0, "héllo")]
    [InlineData("... ?!", 0)]
    [InlineData("[UNK] [PAD]", 0, "UNK", "PAD")]
    [InlineData("red-block; (the) \"block\"", 4)]
    public void Words_that_the_vocabulary_lacks_are_named_as_they_were_written(
        string text,
        int known,
        params string[] unknown
    )
    {
        var words = Load().Read(text);

        Assert.Equal(known, words.Known);
        Assert.Equal(unknown, words.Unknown);
    }

    [Fact]
    public void Punctuation_that_the_vocabulary_lacks_changes_nothing() =>
        Assert.Equal(Load().Encode("the red block"), Load().Encode("“The red block”, …"));

    [Fact]
    public void Nothing_is_all_padding() => Assert.Equal([0, 0, 0, 0, 0, 0], Load().Encode(" \t\n"));

    [Fact]
    public void The_notebook_policys_vocabulary_knows_what_people_say_to_a_robot()
    {
        var tokenizer = InstructionTokenizer.Load(
            Path.Combine(TestData.NotebookPolicy, "vocab.txt"),
            16,
            PaddingSide.Left
        );

        var ids = tokenizer.Encode("Please stack the small red cubes on the left, then move back slowly.");

        Assert.Equal(1_000, tokenizer.VocabularySize);
        Assert.DoesNotContain(1, ids);
    }

    [Theory]
    [InlineData("[PAD]\nred\n", "has no line [UNK]")]
    [InlineData("[UNK]\nred\n", "has no line [PAD]")]
    [InlineData("[PAD]\n[UNK]\nred\nred\n", "line 4 repeats 'red' of line 3")]
    [InlineData("[PAD]\n[UNK]\n\nred\n", "line 3 is empty")]
    public void A_damaged_vocabulary_is_refused(string text, string message)
    {
        File.WriteAllText(_directory.File("vocab.txt"), text);

        var error = Assert.Throws<PolicyException>(() =>
            InstructionTokenizer.Load(_directory.File("vocab.txt"), 4, PaddingSide.Left)
        );

        Assert.Contains("vocab.txt: " + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_that_is_not_text_is_refused()
    {
        _directory.Write("vocab.txt", [0xff, 0xfe, 0xfd]);

        Assert.Throws<PolicyException>(() =>
            InstructionTokenizer.Load(_directory.File("vocab.txt"), 4, PaddingSide.Left)
        );
    }

    private InstructionTokenizer Load(PaddingSide padding = PaddingSide.Left)
    {
        File.WriteAllText(_directory.File("vocab.txt"), "[PAD]\r\n[UNK]\r\nred\r\nblock\r\n##ed\r\n!\r\nthe\r\n");
        return InstructionTokenizer.Load(_directory.File("vocab.txt"), SequenceLength, padding);
    }
}
