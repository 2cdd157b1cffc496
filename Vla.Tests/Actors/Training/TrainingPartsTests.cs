using Vla.Actors.Training;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Training;

public sealed class TrainingPartsTests
{
    [Fact]
    public void A_place_is_shared_among_the_four_cells_whose_centres_are_nearest()
    {
        using var scope = NewDisposeScope();

        // A grid of 2 rows and 4 columns: the place is a quarter of the way from the second column's centre to the
        // third's.
        var shares = CloningLoss.Cells(
            tensor(
                new float[,]
                {
                    { (1.5f + 0.25f) / 4, 0.5f },
                }
            ),
            rows: 2,
            columns: 4
        );

        Assert.Equal([0, 0.375f, 0.125f, 0, 0, 0.375f, 0.125f, 0], shares.data<float>().ToArray());
    }

    [Fact]
    public void A_place_outside_the_picture_counts_as_its_nearest_cell()
    {
        using var scope = NewDisposeScope();

        var shares = CloningLoss.Cells(
            tensor(
                new float[,]
                {
                    { -1, 3 },
                }
            ),
            rows: 2,
            columns: 2
        );

        Assert.Equal([0, 0, 1, 0], shares.data<float>().ToArray());
    }

    [Fact]
    public void The_optimizer_follows_the_papers_algorithm()
    {
        using var scope = NewDisposeScope();
        var weight = tensor(new float[] { 1, -2, 0.5f }, requires_grad: true);
        using var optimizer = new AdamW([("weight", weight)], decay: 0.01);

        for (var step = 1; step <= 3; step++)
        {
            if (weight.grad is { } old)
                using (no_grad())
                    old.zero_();
            (weight * weight * tensor(new float[] { 1, 2, -3 })).sum().backward();
            optimizer.Step(step, rate: 0.1);
        }

        // Algorithm 2 of the paper worked out number by number in double precision: beta 0.9 and 0.98, three steps of
        // this loss.
        float[] expected = [0.69872f, -1.694851f, 0.798207f];
        var moved = weight.detach().data<float>().ToArray();
        for (var i = 0; i < 3; i++)
            Assert.Equal(expected[i], moved[i], 1e-5f);
    }

    [Fact]
    public void The_learning_rate_rises_and_falls_along_a_cosine()
    {
        var options = new TrainingOptions
        {
            Steps = 1_100,
            WarmUpSteps = 100,
            LearningRate = 1,
        };

        Assert.Equal(0.01, options.RateAt(0), 6);
        Assert.Equal(1, options.RateAt(99), 6);
        Assert.Equal(0.51, options.RateAt(600), 3);
        Assert.Equal(0.02, options.RateAt(1_100), 6);
    }

    [Fact]
    public void Scales_come_from_percentiles_and_what_never_changes_has_none()
    {
        var set = new TrainingSet(new TrainingShape(1, 1, State: 2, Actions: 2, Horizon: 1, Lessons: 1));
        for (var i = 0; i <= 1_000; i++)
        {
            set.AddPicture(i, new byte[3], [i == 500 ? 1e6f : i / 1_000f, 7]);
            set.AddLesson(
                new TrainingLesson
                {
                    Instruction = "go",
                    Chunk = [i % 2, 0.5f],
                    Valid = 1,
                }
            );
        }

        var statistics = SetStatistics.Of(set);

        Assert.Equal(0.5f, statistics.State[0].Mean, 0.01f);
        Assert.Equal(0.49f, statistics.State[0].Std, 0.01f);
        Assert.Equal(new DimensionScale(7, 1), statistics.State[1]);
        Assert.Equal(new DimensionScale(0.5f, 0.5f), statistics.Action[0]);
        Assert.Equal(new DimensionScale(0.5f, 0), statistics.Action[1]);
    }

    [Fact]
    public void What_leaves_its_value_in_fewer_samples_than_a_percentile_shows_is_not_taken_for_constant()
    {
        var set = new TrainingSet(new TrainingShape(1, 1, State: 1, Actions: 1, Horizon: 1, Lessons: 1));
        for (var i = 0; i < 1_000; i++)
        {
            var isRare = i % 300 == 0;
            set.AddPicture(i, new byte[3], [isRare ? 3 : 1]);
            set.AddLesson(
                new TrainingLesson
                {
                    Instruction = "go",
                    Chunk = [isRare ? 1 : 0],
                    Valid = 1,
                }
            );
        }

        var statistics = SetStatistics.Of(set);

        Assert.Equal(new DimensionScale(0.5f, 0.5f), statistics.Action[0]);
        Assert.Equal(new DimensionScale(2, 1), statistics.State[0]);
    }

    [Fact]
    public void A_set_counts_as_grounded_only_when_every_lesson_says_where()
    {
        var set = new TrainingSet(new TrainingShape(1, 1, State: 0, Actions: 1, Horizon: 1, Lessons: 1));
        set.AddPicture(0, new byte[3], []);
        set.AddLesson(
            new TrainingLesson
            {
                Instruction = "go",
                Chunk = [0],
                Valid = 1,
                Truth = [0, 0, 0, 0, 0, 1],
            }
        );
        Assert.True(set.HasTruth);

        set.AddPicture(1, new byte[3], []);
        Assert.Throws<InvalidOperationException>(() => set.AddPicture(2, new byte[3], []));
        set.AddLesson(
            new TrainingLesson
            {
                Instruction = "go",
                Chunk = [0],
                Valid = 1,
            }
        );
        Assert.False(set.HasTruth);
    }
}
