using System.Text;
using Vla.Actors.Instructions;

namespace Vla.Tests.Actors.Instructions;

public sealed class InstructionTextTests
{
    [Fact]
    public void A_thousand_characters_are_taken_and_one_more_is_not()
    {
        Assert.True(InstructionText.TryRead(new string('a', 1_000), out _, out _));
        Assert.False(InstructionText.TryRead(new string('a', 1_001), out _, out var problem));
        Assert.Equal("the instruction has 1,001 characters: at most 1,000 are taken", problem);
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused()
    {
        byte[] latin1 = [.. "gr"u8, 0xfc, .. "n"u8];

        Assert.False(InstructionText.TryRead(latin1, out _, out var problem));
        Assert.Contains("not valid UTF-8", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_character_is_refused()
    {
        Assert.False(InstructionText.TryRead("a\ud800b", out _, out var problem));
        Assert.Contains("not valid Unicode", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_language_and_a_byte_order_mark_are_fine()
    {
        byte[] utf8 = [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes("拿起红色方块 🟥")];

        Assert.True(InstructionText.TryRead(utf8, out var text, out _));
        Assert.Equal("拿起红色方块 🟥", text);
    }

    [Fact]
    public void Several_lines_become_one()
    {
        Assert.True(InstructionText.TryRead("pick up\r\nthe block\n", out var text, out _));
        Assert.Equal("pick up the block", text);
    }
}
