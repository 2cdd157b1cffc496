using Vla.Actors.Checkpoints;

namespace Vla.Tests.Actors.Checkpoints;

public sealed class ErrorTextTests
{
    [Fact]
    public void A_libtorch_error_loses_its_native_stack() =>
        Assert.Equal(
            "mat1 and mat2 shapes cannot be multiplied (1x4 and 5x2)",
            ErrorText.Reason(
                """
                mat1 and mat2 shapes cannot be multiplied (1x4 and 5x2)
                Exception raised from meta at /pytorch/aten/src/ATen/native/LinearAlgebra.cpp:192 (most recent first):
                frame #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x96 (0x7f in libc10.so)
                frame #1: c10::detail::torchCheckFail(char const*) + 0x64 (0x7f in libc10.so)
                """
            )
        );

    [Fact]
    public void An_exported_stages_error_is_what_its_code_raised() =>
        Assert.Equal(
            "RuntimeError: the picture is upside down",
            ErrorText.Reason(
                """
                The following operation failed in the TorchScript interpreter.
                Traceback of TorchScript, serialized code (most recent call last):
                  File "code/__torch__.py", line 12, in forward
                    ops.prim.RaiseException("the picture is upside down")
                    ~~~~~~~~~~~~~~~~~~~~~~~ <--- HERE
                RuntimeError: the picture is upside down
                """
            )
        );

    [Theory]
    [InlineData("one line", "one line")]
    [InlineData("two\nlines", "two lines")]
    [InlineData("", "")]
    [InlineData("a\u001b[31mred\u0007", "a [31mred ")]
    public void Any_other_text_becomes_one_line(string text, string reason) =>
        Assert.Equal(reason, ErrorText.Reason(text));

    [Fact]
    public void A_long_one_is_cut() =>
        Assert.Equal(new string('x', 300) + "…", ErrorText.Reason(new string('x', 5000)));
}
