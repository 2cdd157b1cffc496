using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class SceneWordsTests
{
    private const string OnTheTable = ": on the table are the red and green blocks and the white and black trays";

    private readonly Tabletop _table = With(Hand(0, 0, 0.15), Cube(Red, -0.1, 0.1), Cube(Green, 0.1, 0.1));
    private readonly Tabletop _twins = With(
        Hand(0, 0, 0.15),
        Cube(Red, -0.1, 0.1),
        Cube(Red, 0.1, 0.1),
        Cube(Blue, 0, 0.05)
    );

    [Theory]
    [InlineData("pick up the blue block", "blue block")]
    [InlineData("Pick up the BLUE cube!", "blue block")]
    [InlineData("pick up the blue", "blue")]
    [InlineData("please lift the pink block", "pink block")]
    [InlineData("put the red block on the orange tray", "orange tray")]
    [InlineData("put the blue block on the orange tray", "blue block")]
    [InlineData("put the red block on the red tray", "red tray")]
    [InlineData("push the yellow block left", "yellow block")]
    [InlineData("pick up the banana", "banana")]
    [InlineData("lift the red ball", "red ball")]
    [InlineData("reach above the wooden block", "wooden block")]
    [InlineData("could you fetch the blue block for me", "blue block")]
    [InlineData("stack the mauve block on the other one", "mauve block")]
    [InlineData("stack blue block onto it", "blue block")]
    [InlineData("push all the yellow blocks away", "yellow block")]
    [InlineData("pick up the white block", "white block")]
    public void What_is_not_there_is_named_and_what_is_there(string instruction, string missing) =>
        Assert.Equal(($"there is no {missing}{OnTheTable}", ""), SceneWords.Look(_table, instruction));

    [Theory]
    [InlineData("pick up the red block")]
    [InlineData("put the green cube on the white tray")]
    [InlineData("push the red block to the left")]
    [InlineData("pick up the left red block")]
    [InlineData("take the red one")]
    [InlineData("pick up the block")]
    [InlineData("pick up this red block")]
    [InlineData("pick up the big red block")]
    [InlineData("pick up every block")]
    [InlineData("lift the white tray")]
    [InlineData("move the gripper to the left")]
    [InlineData("open the gripper")]
    [InlineData("wait")]
    [InlineData("sing a song")]
    [InlineData("")]
    public void Nothing_is_missing_here(string instruction) =>
        Assert.Equal("", SceneWords.Look(_table, instruction).Problem);

    [Fact]
    public void Every_phrase_for_every_task_names_what_is_there()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var table = Tabletop.Create(seed, WorldLevel.Level2);
            var random = new WorldRandom(seed);
            foreach (var task in WorldTask.All(table))
            {
                if (!TaskWords.CanName(table, task.Block))
                    continue;
                foreach (var phrasing in Enum.GetValues<Phrasing>())
                    Assert.Equal(("", ""), SceneWords.Look(table, TaskWords.Say(table, task, phrasing, random)));
            }
        }
    }

    [Theory]
    [InlineData("pick up the red block", "there are 2 red blocks: say the left red or the right red block")]
    [InlineData("fetch the red cube", "there are 2 red blocks: say the left red or the right red block")]
    [InlineData("pick up the right red block", "")]
    [InlineData("pick up the blue block", "")]
    public void What_could_be_either_of_two_is_said(string instruction, string note) =>
        Assert.Equal(("", note), SceneWords.Look(_twins, instruction));

    [Fact]
    public void A_single_thing_is_named_without_an_and() =>
        Assert.Equal(
            "there is no blue block: on the table are the red block and the white and black trays",
            SceneWords.Look(With(Hand(0, 0, 0.15), Cube(Red, 0, 0)), "pick up the blue block").Problem
        );
}
