using Vla.Actors.Chunks;
using Vla.Runtime.Status;

namespace Vla.Tests.Runtime.Status;

public sealed class FlowWordsTests
{
    [Theory]
    [InlineData(
        30,
        2.5,
        10,
        4,
        "the policy takes every 12th picture; 4 of the 10 actions of a chunk are followed before the next chunk is "
            + "there"
    )]
    [InlineData(30, 1, 10, 10, "the policy takes every 30th picture; 10 of the 10 actions of a chunk are followed")]
    [InlineData(30, 29.6, 1, 1, "the policy takes every picture")]
    [InlineData(30, 15, 1, 1, "the policy takes every 2nd picture")]
    [InlineData(63, 3, 1, 1, "the policy takes every 21st picture")]
    [InlineData(0, 5, 1, 1, "the policy takes every picture")]
    [InlineData(30, 0, 10, 4, "")]
    public void What_is_as_it_should_be_is_said_in_words(
        double cameraHz,
        double policyHz,
        int horizon,
        long ofLast,
        string words
    ) => Assert.Equal(words, FlowWords.Of(cameraHz, policyHz, horizon, new ChunkCounts(9, 40, 1, 8, ofLast)));
}
