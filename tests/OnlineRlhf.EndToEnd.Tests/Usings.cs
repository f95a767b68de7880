global using OnlineRlhf.EndToEnd.Tests.Driver;
