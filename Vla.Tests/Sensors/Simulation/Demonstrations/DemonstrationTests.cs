using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Demonstrations;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Tests.Sensors.Simulation.Demonstrations;

public sealed class DemonstrationTests
{
    [Fact]
    public void A_seed_tells_the_whole_episode()
    {
        var (first, second) = (Tell(7), Tell(7));

        Assert.Equal(first, second);
        Assert.NotEqual(first, Tell(8));
    }

    [Theory]
    [InlineData(WorldLevel.Level1)]
    [InlineData(WorldLevel.Level2)]
    public void An_expert_that_is_left_alone_succeeds_and_then_keeps_still_for_a_moment(WorldLevel level)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var episode = Demonstration.Begin(seed, level, noisy: false);
            var afterSuccess = 0;
            do
            {
                Assert.Equal(episode.Wanted, episode.Carried);
                if (episode.State == TaskState.Succeeded)
                    afterSuccess++;
            } while (episode.Next());

            Assert.Equal(TaskState.Succeeded, episode.State);
            Assert.InRange(afterSuccess, 1, 5);
        }
    }

    [Fact]
    public void Most_disturbed_episodes_succeed_all_the_same()
    {
        var succeeded = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var episode = Demonstration.Begin(seed, WorldLevel.Level2);
            while (episode.Next()) { }

            if (episode.State == TaskState.Succeeded)
                succeeded++;
        }

        Assert.InRange(succeeded, 40, 60);
    }

    [Fact]
    public void A_lesson_says_what_the_expert_would_do_and_where_its_block_and_goal_are()
    {
        var episode = Demonstration.Begin(3, WorldLevel.Level2);
        var blocks = episode.Table.Blocks.ToArray();
        var lessons = Enumerable.Range(0, 30).SelectMany(_ => episode.Lessons()).ToList();

        Assert.Equal(Demonstration.LessonCount * 30, lessons.Count);
        foreach (var lesson in lessons)
        {
            var task = TaskWords.Find(episode.Table, lesson.Instruction)!.Value;
            Assert.Equal(Demonstration.Horizon, lesson.Chunk.Count);
            Assert.Equal(Expert.Act(episode.Table, task), lesson.Chunk[0]);
            Assert.Equal(QuarterTurns.Of(blocks[task.Block].Yaw), lesson.Turn);
            Assert.InRange(lesson.Block.X, 0, 1);
            Assert.InRange(lesson.Block.Y, 0, 1);
            Assert.Equal(task.Kind == TaskKind.Put, lesson.Goal != lesson.Block);
        }

        // The further a block is from the camera, the higher it is in the picture.
        var (near, far) = (blocks.MinBy(block => block.Y), blocks.MaxBy(block => block.Y));
        Assert.True(PlaceOf(far).Y < PlaceOf(near).Y);

        PicturePlace PlaceOf(Block block) =>
            lessons
                .First(lesson => blocks[TaskWords.Find(episode.Table, lesson.Instruction)!.Value.Block].Equals(block))
                .Block;
    }

    [Fact]
    public void Some_episodes_begin_with_a_block_in_the_hand_and_some_with_one_on_a_tray()
    {
        var starts = Enumerable
            .Range(0, 200)
            .Select(seed => Demonstration.Begin(seed, WorldLevel.Level1).Table)
            .ToList();

        Assert.Contains(starts, table => table.Gripper.Holds);
        Assert.Contains(
            starts,
            table => table.Blocks.ToArray().Any(block => !block.Bottom.Equals(0) && block.Bottom < 0.01)
        );
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(Demonstration.SeedLimit)]
    public void Seeds_kept_for_evaluation_are_refused(long seed) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Demonstration.Begin(seed, WorldLevel.Level1));

    private static string Tell(long seed)
    {
        var episode = Demonstration.Begin(seed, WorldLevel.Level2);
        var told = new List<string>();
        do
        {
            told.Add($"{episode.Carried} {string.Join(", ", episode.Lessons().Select(lesson => lesson.Instruction))}");
        } while (episode.Next());

        return string.Join('\n', told);
    }
}
