using Vla.Actors.Policies.Staged;
using Vla.Runtime;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;

namespace Vla.Tests.Runtime.Settings;

public sealed class PictureFitTests
{
    private static readonly StagedPolicy Notebook = StagedPolicy.Load(Repository.File("config/policies/notebook"));

    [Theory]
    [InlineData("the camera is top: give --camera front=SOURCE", "top=synthetic")]
    [InlineData("the cameras are front and wrist: give no camera wrist", "synthetic", "wrist=synthetic")]
    [InlineData("the cameras are top and wrist: give --camera front=SOURCE", "top=synthetic", "wrist=synthetic")]
    public void A_missing_or_surplus_camera_is_an_error_that_names_both_sides(string expected, params string[] cameras)
    {
        var message = Assert
            .Throws<UsageException>(() => PictureFit.Require(Notebook, NamedCamera.ReadAll(cameras)))
            .Message;

        Assert.StartsWith(
            $"the policy wants the picture front ({Notebook.Directory}), {expected}",
            message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_policy_gets_what_it_wants() => PictureFit.Require(Notebook, NamedCamera.ReadAll(["front=synthetic"]));

    [Fact]
    public void The_expert_looks_at_none_and_takes_any() =>
        PictureFit.Require(new ExpertPolicy(() => null!), NamedCamera.ReadAll(["world", "wrist=world-wrist"]));
}
