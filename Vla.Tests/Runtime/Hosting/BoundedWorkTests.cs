using Vla.Actors.Policies;
using Vla.Runtime.Hosting;

namespace Vla.Tests.Runtime.Hosting;

public sealed class BoundedWorkTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromMinutes(1);

    [Fact]
    public void What_never_comes_back_is_named_with_what_it_was_at()
    {
        using var release = new ManualResetEventSlim();

        var hang = Assert.Throws<HangException>(() =>
            BoundedWork.Run(
                "loading the policy",
                TimeSpan.FromMilliseconds(1),
                () =>
                {
                    WorkStep.Begin("trying vision_encoder (torchscript) with zeros");
                    release.Wait();
                    return 1;
                }
            )
        );

        Assert.StartsWith("loading the policy did not come to an end within 0", hang.Message, StringComparison.Ordinal);
        release.Set();
    }

    [Fact]
    public void What_comes_back_gives_its_result()
    {
        Assert.Equal(7, BoundedWork.Run("it", Ample, () => 7));
    }

    [Fact]
    public void What_fails_fails_as_it_would_without()
    {
        Assert.Equal(
            "damaged",
            Assert
                .Throws<PolicyException>(() =>
                    BoundedWork.Run<int>("it", Ample, () => throw new PolicyException("damaged"))
                )
                .Message
        );
    }

    [Fact]
    public void The_step_is_the_threads_own()
    {
        var step = new WorkStep();
        WorkStep.OfThisThread = step;
        try
        {
            WorkStep.Begin("mine");
            BoundedWork.Run(
                "it",
                Ample,
                () =>
                {
                    WorkStep.Begin("another's");
                    return 0;
                }
            );

            Assert.Equal("mine", step.What);
        }
        finally
        {
            WorkStep.OfThisThread = null;
        }
    }
}
