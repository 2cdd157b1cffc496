using Vla.Actors.Policies.Staged;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Staged;

[Collection(LiveTensorCount.Name)]
public sealed class PolicyModulesTests
{
    [Fact]
    public void A_module_has_worked_before_it_is_handed_over_and_leaves_nothing_behind()
    {
        var seen = new List<long[]>();
        using var module = StandIns.Calling(input =>
        {
            seen.Add(input.shape);
            return input + 1;
        });
        var before = Tensor.TotalCount;

        Assert.Same(module, PolicyModules.Warm(module, warm => warm.call(zeros(1, 3, 8, 8))));

        Assert.Equal(
            [
                [1, 3, 8, 8],
                [1, 3, 8, 8],
            ],
            seen
        );
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void A_policys_modules_take_what_they_are_warmed_up_with()
    {
        var modules = PolicyModules.Of(StagedPolicy.Load(TestData.NotebookPolicy), CPU);

        using var vision = modules.Vision();
        using var language = modules.Language();
        using var fusion = modules.Fusion();
        using var decoder = modules.Decoder();
        Assert.All<TorchSharp.torch.nn.Module>(
            [vision, language, fusion, decoder],
            module => Assert.NotEmpty(module.parameters())
        );
    }
}
