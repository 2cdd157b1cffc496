using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Checkpoints;

/// <summary>
/// Weights that are not finite never get into a policy: every action would be NaN, and the robot would stop without a
/// reason.
/// </summary>
public sealed class FiniteWeightsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.NotebookPolicy);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(float.NaN, ScalarType.Float32)]
    [InlineData(float.PositiveInfinity, ScalarType.Float32)]
    [InlineData(float.NegativeInfinity, ScalarType.Float16)]
    [InlineData(float.NaN, ScalarType.BFloat16)]
    [InlineData(float.PositiveInfinity, ScalarType.Float64)]
    public void A_policys_weights_are_refused_by_file_and_tensor(float value, ScalarType type)
    {
        const string name = "fusion.fusion.3.weight";
        Change(weights =>
        {
            var changed = weights[name].to_type(type);
            changed[2, 3] = value;
            return (name, changed);
        });

        AssertRefused(() => StagedPolicy.Load(_directory.Path), $"'{name}' holds 1 numbers of");
    }

    [Fact]
    public void Numbers_beyond_the_range_in_which_they_are_used_are_refused()
    {
        const string name = "fusion.fusion.3.bias";
        Change(weights =>
            (name, full([64], 1e300, dtype: float64).narrow(0, 0, 1).expand(weights[name].shape).contiguous())
        );

        AssertRefused(
            () => StagedPolicy.Load(_directory.Path).CreateFusion(CPU),
            $"'{name}' holds numbers beyond the range of Float32"
        );
    }

    [Fact]
    public void A_variance_below_zero_is_refused_and_zero_is_not()
    {
        using var module = BatchNorm2d(3);
        var file = _directory.File("bn.safetensors");
        using (var scope = NewDisposeScope())
        {
            var values = module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
            values["running_var"] = tensor((float[])[1, 0, 2]);
            SafetensorsWriter.Write(file, values);
            using (var fine = Checkpoint.Open(file))
                StateDict.Load(module, fine);
            values["running_var"] = tensor((float[])[1, -1e-3f, 2]);
            SafetensorsWriter.Write(file, values);
        }

        using var checkpoint = Checkpoint.Open(file);
        var error = Assert.Throws<CheckpointException>(() => StateDict.Load(module, checkpoint));

        Assert.Equal(
            $"{file}: 'running_var' holds a variance below 0; the file is damaged, take another checkpoint",
            error.Message
        );
    }

    [Theory]
    [InlineData("not-finite.pt", "'conv.weight' holds 1 numbers of")]
    [InlineData("not-finite-frozen.pt", "that are not finite")]
    [InlineData("negative-variance.pt", "'norm.running_var' holds a variance below 0")]
    [InlineData("optimized.pt", "torch.jit.optimize_for_inference")]
    public void An_exported_stage_is_looked_through_before_libtorch_opens_it(string file, string message)
    {
        var path = TestData.Path($"torchscript/{file}");

        var error = Assert.Throws<CheckpointException>(() => new TorchScriptStage(path, CPU));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frozen_stage_is_fine()
    {
        using var scope = NewDisposeScope();
        using var stage = new TorchScriptStage(TestData.Path("torchscript/frozen.pt"), CPU);
        stage.eval();

        Assert.Equal([1, 4], stage.call(ones(1, 3, 8, 8)).shape);
    }

    private void Change(Func<Dictionary<string, Tensor>, (string Name, Tensor Value)> change)
    {
        using var scope = NewDisposeScope();
        var file = _directory.File(StagedPolicy.WeightsFile);
        Dictionary<string, Tensor> weights;
        using (var checkpoint = Checkpoint.Open(file))
            weights = checkpoint.Tensors.Keys.ToDictionary(name => name, checkpoint.ReadTensor);
        var (changed, value) = change(weights);
        weights[changed] = value;
        SafetensorsWriter.Write(file, weights);
    }

    private void AssertRefused(Func<object> load, string message)
    {
        var error = Assert.Throws<CheckpointException>(load);
        Assert.StartsWith(_directory.File(StagedPolicy.WeightsFile), error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
