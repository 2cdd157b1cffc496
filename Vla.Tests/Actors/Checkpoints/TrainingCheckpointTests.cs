using Vla.Actors.Checkpoints;
using Vla.Actors.Checkpoints.Pickling;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Checkpoints;

/// <summary>
/// Checkpoints as training scripts leave them, saved by stock PyTorch (<c>Fixtures/checkpoints/make.py</c>).
/// </summary>
public sealed class TrainingCheckpointTests
{
    private static readonly string[] Parts = ["fusion"];
    private static readonly string[] Names = ["fusion.a", "fusion.b", "fusion.d", "fusion.inner.c"];

    [Theory]
    [InlineData("protocol4.pt", "", "")]
    [InlineData("model.pt", "model", "")]
    [InlineData("state-dict.pt", "state_dict", "")]
    [InlineData("nested.pt", "model.state_dict", "")]
    [InlineData("odd.pt", "model_state_dict", "")]
    [InlineData("lightning.ckpt", "state_dict", "model.")]
    [InlineData("module.pt", "", "module.")]
    [InlineData("compiled.pt", "", "_orig_mod.module.")]
    [InlineData("inside.pt", "", "wrappers inside")]
    [InlineData("parameters.pt", "", "")]
    [InlineData("whole.pt", "", "")]
    [InlineData("whole-in-dict.pt", "model", "")]
    public void The_weights_are_found_wherever_a_script_put_them(string file, string place, string leftOut)
    {
        using var scope = NewDisposeScope();
        using var plain = RenamedCheckpoint.Open(Fixture("plain.pt"), Parts);
        using var checkpoint = RenamedCheckpoint.Open(Fixture(file), Parts);

        Assert.Equal(Names, checkpoint.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((place, leftOut), (checkpoint.Place, checkpoint.LeftOut));
        foreach (var name in Names)
            Assert.True(checkpoint.ReadTensor(name).eq(plain.ReadTensor(name)).all().item<bool>(), name);
    }

    [Fact]
    public void An_expanded_tensor_and_a_part_of_a_larger_one_are_read()
    {
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(Fixture("expanded.pt"));

        Assert.Equal([7, 8, 9, 10, 11, 12], checkpoint.ReadTensor("fusion.a").data<float>().ToArray());
        var repeated = checkpoint.ReadTensor("fusion.b").data<float>().ToArray();
        Assert.Equal(3, repeated.Length);
        Assert.Single(repeated.Distinct());
    }

    [Theory]
    [InlineData("two.pt", "holds weights in 'actor', 'critic'")]
    [InlineData("twice.pt", "holds 'fusion.a' twice, as 'fusion.a' and 'ema.fusion.a'")]
    [InlineData("calls.pt", "its pickle asks for 'posix.mkdir'")]
    [InlineData("old-format.pt", "old format (before 1.6)")]
    public void What_cannot_be_decided_or_read_is_said(string file, string message)
    {
        var error = Assert.Throws<CheckpointException>(() => RenamedCheckpoint.Open(Fixture(file), Parts));

        Assert.StartsWith(Fixture(file), error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists("called-by-a-pickle"));
    }

    [Fact]
    public void A_tensor_that_is_not_read_is_named_where_it_is_missed()
    {
        using var checkpoint = Checkpoint.Open(Fixture("odd.pt"));
        Assert.Empty(checkpoint.Unreadable);

        var values = new PickleDict();
        values.Items["fusion.a"] = new PickleObject("torch.ComplexFloatStorage");
        var error = Assert.Throws<CheckpointException>(() => StateDictFinder.Find("x.pt", values));
        Assert.Contains("('fusion.a' is a torch.ComplexFloatStorage)", error.Message, StringComparison.Ordinal);
    }

    private static string Fixture(string name) => TestData.Path($"checkpoints/{name}");
}
