using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Checkpoints;

public sealed class StateDictTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_checkpoint_that_does_not_fit_names_what_is_missing_unexpected_and_misshapen()
    {
        using var scope = NewDisposeScope();
        var message = Misfit(tensors =>
        {
            tensors.Remove("decoder.0.bias");
            tensors["decoder.9.weight"] = zeros(1);
            tensors["decoder.5.weight"] = zeros(6, 64);
        });

        Assert.EndsWith(
            "does not fit ActionDecoder: 1 missing: decoder.0.bias; 1 unexpected: decoder.9.weight; "
                + "1 misshapen: decoder.5.weight is [6, 64], expected [7, 64]",
            message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_whole_number_where_a_fraction_belongs_does_not_fit()
    {
        using var scope = NewDisposeScope();

        Assert.Contains(
            "decoder.5.bias is [7] I64, expected [7] Float32",
            Misfit(tensors => tensors["decoder.5.bias"] = zeros(7, dtype: int64)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_message_stays_one_bounded_line_however_much_is_wrong()
    {
        using var scope = NewDisposeScope();
        var message = Misfit(tensors =>
        {
            for (var i = 0; i < 5_000; i++)
                tensors[$"{i}\n{new string('x', 500)}"] = zeros(1);
        });

        Assert.Contains("5000 unexpected: ", message, StringComparison.Ordinal);
        Assert.Contains(" and 4995 more", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.True(message.Length < 1_500, message);
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Fractions_of_another_width_are_converted(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var from = new ActionDecoder();
        using var to = new ActionDecoder();
        var path = Save(from.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.to_type(type)));

        using var checkpoint = Checkpoint.Open(path);
        StateDict.Load(to, checkpoint);

        Assert.Equal(ScalarType.Float32, to.get_parameter("decoder.0.weight")!.dtype);
        Assert.True(
            allclose(
                from.get_parameter("decoder.0.weight")!,
                to.get_parameter("decoder.0.weight")!,
                rtol: 0.01,
                atol: 0.01
            )
        );
    }

    private string Misfit(Action<Dictionary<string, Tensor>> change)
    {
        using var module = new ActionDecoder();
        var tensors = module.state_dict();
        change(tensors);
        using var checkpoint = Checkpoint.Open(Save(tensors));
        return Assert.Throws<CheckpointException>(() => StateDict.Load(module, checkpoint)).Message;
    }

    private string Save(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var path = _directory.File("weights.safetensors");
        SafetensorsWriter.Write(path, tensors);
        return path;
    }
}
