using Vla.Actors.Training;
using Vla.Runtime;
using Vla.Runtime.Learning;
using Vla.Sensors.Images;
using Vla.Sensors.Simulation;

namespace Vla.Tests.Runtime.Learning;

public sealed class WorldLessonsTests
{
    private static readonly LessonWishes Wishes = new(
        new TrainingTemplate(
            new ImageSpec(32, 32, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]) { Fit = ImageFit.Crop },
            Tabletop.StateNames,
            WorldAction.Names,
            Horizon: 10
        ),
        PicturesPerEpisode: 3
    );

    [Fact]
    public void The_same_words_give_the_same_data()
    {
        var (first, second) = (
            Read("world:level2?episodes=4&seed=9", Wishes),
            Read("world:level2?episodes=4&seed=9", Wishes)
        );

        Assert.InRange(first.Count, 4, 30);
        Assert.Equal(first.Count, second.Count);
        Assert.Equal(first.Instructions, second.Instructions);
        for (var i = 0; i < first.Count; i++)
        {
            Assert.True(first.Picture(i).SequenceEqual(second.Picture(i)));
            Assert.True(first.Chunk(i, 2).SequenceEqual(second.Chunk(i, 2)));
        }

        Assert.True(first.HasTruth);
        Assert.NotEqual(first.Instructions, Read("world:level2?episodes=4&seed=10", Wishes).Instructions);
    }

    [Fact]
    public void A_policy_that_stretches_its_pictures_and_takes_no_state_gets_no_places_and_no_state()
    {
        var set = Read(
            "world?episodes=2",
            Wishes with
            {
                Policy = Wishes.Policy with
                {
                    StateNames = [],
                    Horizon = 1,
                    Image = Wishes.Policy.Image with { Fit = ImageFit.Stretch },
                },
            }
        );

        Assert.False(set.HasTruth);
        Assert.Equal(0, set.State(0).Length);
        Assert.Equal(7, set.Chunk(0, 0).Length);
    }

    [Theory]
    [InlineData("world:level3", "level3")]
    [InlineData("world?episodes=0", "'0'")]
    [InlineData("world?frames=3", "frames=3")]
    [InlineData("world:both?seed=-1", "'-1'")]
    public void What_is_wrong_with_it_is_named(string text, string named) =>
        Assert.Contains(named, Assert.Throws<UsageException>(() => LessonSource.Parse(text)).Message);

    private static TrainingSet Read(string text, LessonWishes wishes) =>
        LessonSource.Parse(text).Read(wishes, _ => { }, CancellationToken.None);
}
